import { useLocalStorage } from "@mantine/hooks";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

/** The choices of the refresh control, in seconds; 0 is "only when asked". */
export const refreshChoices = [0, 2, 5, 15, 60] as const;
const defaultChoice = 5;

interface Refresh {
  /** The chosen seconds between two refreshes, 0 for off. */
  seconds: number;
  choose: (seconds: number) => void;
  paused: boolean;
  /** Holds the refresh until the returned function is called. */
  pause: () => () => void;
}

const RefreshContext = createContext<Refresh | null>(null);

/** Keeps the one rhythm in which every panel of the dashboard is refreshed. */
export function RefreshProvider({ children }: { children: ReactNode }) {
  const [stored, choose] = useLocalStorage<number>({
    key: "rustassistant-refresh-seconds",
    defaultValue: defaultChoice,
    getInitialValueInEffect: false,
  });
  const [holders, setHolders] = useState(0);
  const pause = useCallback(() => {
    setHolders((count) => count + 1);
    return () => setHolders((count) => count - 1);
  }, []);
  // The storage belongs to the browser: it may hold a value of an older version.
  const seconds = refreshChoices.find((choice) => choice === stored) ?? defaultChoice;
  const value = useMemo(
    () => ({ seconds, choose, paused: holders > 0, pause }),
    [seconds, choose, holders, pause],
  );
  return <RefreshContext value={value}>{children}</RefreshContext>;
}

export function useRefresh(): Refresh {
  const refresh = useContext(RefreshContext);
  if (refresh === null) throw new Error("useRefresh needs a RefreshProvider");
  return refresh;
}

/** The `refetchInterval` of a query that follows the refresh control. A hidden page does not refresh. */
export function useRefetchInterval(): number | false {
  const { seconds, paused } = useRefresh();
  return paused || seconds === 0 ? false : seconds * 1000;
}

/** Holds the refresh while active, so that nothing moves under an open dialog or a selection. */
export function usePauseRefresh(active: boolean): void {
  const { pause } = useRefresh();
  useEffect(() => (active ? pause() : undefined), [active, pause]);
}
