import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobVerbs } from "../../api/jobs";
import { ApiError } from "../../api/problem";
import { FormError } from "../../components/form/form-error";
import { Notice } from "../../components/notice";
import { useToast } from "../../components/toast";
import { formatNoun } from "../../lib/format";

/** What can be done with the rows that are selected. Whole filters are for "Retry many". */
export function SelectedJobs({ ids, clear }: { ids: readonly string[]; clear: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const act = useMutation({
    mutationFn: async (verb: "retry" | "cancel") => {
      const refused: unknown[] = [];
      for (const id of ids) {
        try {
          await jobVerbs[verb](id);
        } catch (error) {
          // One that is refused does not hold up the others; the end of a session does.
          if (!(error instanceof ApiError) || error.status !== 409) throw error;
          refused.push(error);
        }
      }
      return { done: ids.length - refused.length, refused: refused.length };
    },
    onSuccess: ({ done, refused }, verb) => {
      const rest = refused === 0 ? "" : ` ${formatNoun(refused, "job")} did not allow it.`;
      toast(`${verb === "retry" ? "Retried" : "Canceled"}: ${formatNoun(done, "job")}.${rest}`);
      clear();
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  if (ids.length === 0) return null;
  return (
    <>
      <Notice
        action={
          <Group gap="xs">
            <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate("retry")}>
              Retry {formatNoun(ids.length, "job")}
            </Button>
            <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate("cancel")}>
              Cancel {formatNoun(ids.length, "job")}
            </Button>
            <Button size="xs" variant="subtle" color="gray" onClick={clear}>
              Clear
            </Button>
          </Group>
        }
      >
        {formatNoun(ids.length, "job")} selected; nothing is refreshed meanwhile.
      </Notice>
      <FormError error={act.error} />
    </>
  );
}
