import type { ReactNode } from "react";

/** Placeholders in the shape of what is being loaded, announced as such. */
export function Loading({ className, children }: { className?: string | undefined; children: ReactNode }) {
  return (
    <div className={className} role="status" aria-label="Loading" aria-busy="true">
      {children}
    </div>
  );
}
