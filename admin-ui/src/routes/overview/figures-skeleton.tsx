import { Skeleton, Stack } from "@mantine/core";
import { Loading } from "../../components/loading";
import { CountsSkeleton } from "./counts";
import classes from "./overview-page.module.css";

/** Has the shape of the figures, so that little jumps when they arrive. */
export function FiguresSkeleton() {
  return (
    <Loading className={classes["page"]}>
      <CountsSkeleton />
      <div className={classes["columns"]}>
        <LinesSkeleton lines={8} />
        <LinesSkeleton lines={8} />
      </div>
      <LinesSkeleton lines={5} />
    </Loading>
  );
}

function LinesSkeleton({ lines }: { lines: number }) {
  return (
    <Stack gap="lg" className={classes["skeleton"]}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={12} width={`${90 - ((line * 37) % 50)}%`} />
      ))}
    </Stack>
  );
}
