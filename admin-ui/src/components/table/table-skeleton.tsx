import { Skeleton, Stack } from "@mantine/core";
import { Loading } from "../loading";

/** Stands where rows will be. */
export function TableSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <Loading>
      <Stack gap="lg" px="lg" py="md">
        {Array.from({ length: rows }, (_, row) => (
          <Skeleton key={row} height={14} width={`${92 - ((row * 29) % 35)}%`} />
        ))}
      </Stack>
    </Loading>
  );
}
