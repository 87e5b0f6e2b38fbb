import { useSyncExternalStore } from "react";

// One timer for every relative time on the page, running only while one is shown.
const listeners = new Set<() => void>();
let timer: number | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

function snapshot(): number {
  // Without a timer the last reading may be old; a second keeps renders consistent.
  if (timer === undefined && Date.now() - now >= 1000) now = Date.now();
  return now;
}

/** The current time in milliseconds, renewed every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, snapshot);
}
