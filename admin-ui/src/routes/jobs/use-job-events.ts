import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { jobEventsUrl, jobQuery } from "../../api/jobs";
import type { Job } from "../../api/types";

/**
 * Follows a job that runs, event by event; true while connected. A stream that
 * breaks connects again by itself, and the page refreshes all the same.
 */
export function useJobEvents(id: string, open: boolean): boolean {
  const queryClient = useQueryClient();
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    // Old browsers and unit tests have no EventSource; the refresh shows progress, too.
    if (!open || typeof EventSource === "undefined") return;
    const events = new EventSource(jobEventsUrl(id));
    events.addEventListener("open", () => setConnected(true));
    events.addEventListener("error", () => setConnected(false));
    events.addEventListener("progress", (event: MessageEvent<string>) => {
      const job = JSON.parse(event.data) as Job;
      queryClient.setQueryData(jobQuery(id).queryKey, (old) =>
        old === undefined ? undefined : { ...old, ...job },
      );
    });
    events.addEventListener("end", () => {
      events.close();
      setConnected(false);
      // The outcomes of its documents are final now.
      void queryClient.invalidateQueries({ queryKey: ["job", id] });
    });
    return () => {
      events.close();
      setConnected(false);
    };
  }, [id, open, queryClient]);
  return connected;
}
