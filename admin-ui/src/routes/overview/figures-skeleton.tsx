import { Skeleton } from "@mantine/core";
import { CountsSkeleton } from "./counts";
import classes from "./overview-page.module.css";

/** Has the shape of the figures, so that nothing jumps when they arrive. */
export function FiguresSkeleton() {
  return (
    <div className={classes["page"]} aria-busy="true" aria-label="Loading">
      <CountsSkeleton />
      <div className={classes["columns"]}>
        <Skeleton height={360} radius="lg" />
        <Skeleton height={360} radius="lg" />
      </div>
      <Skeleton height={280} radius="lg" />
    </div>
  );
}
