import { Portal } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";
import classes from "./toast.module.css";

const shownMs = 5000;

const ToastContext = createContext<(message: string) => void>(() => undefined);

/** Shows one short message at a time: that something was done. Failures stand where they were caused. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ message: string; count: number } | null>(null);
  const show = useCallback(
    (message: string) => setToast((old) => ({ message, count: (old?.count ?? 0) + 1 })),
    [],
  );
  useEffect(() => {
    if (toast === null) return;
    const timer = window.setTimeout(() => setToast(null), shownMs);
    return () => window.clearTimeout(timer);
  }, [toast]);
  return (
    <ToastContext value={show}>
      {children}
      <Portal>
        <div className={classes["region"]} role="status" aria-live="polite">
          {toast !== null && (
            <div key={toast.count} className={classes["toast"]}>
              <IconCheck size={16} stroke={2.2} aria-hidden />
              {toast.message}
            </div>
          )}
        </div>
      </Portal>
    </ToastContext>
  );
}

/** Returns what tells the person that something was done. */
export function useToast(): (message: string) => void {
  return useContext(ToastContext);
}
