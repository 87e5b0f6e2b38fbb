import type { ThroughputPoint } from "../../api/types";

const hourMs = 3_600_000;

export interface HourCount {
  /** The hour's start. */
  at: Date;
  documents: number;
}

/** The 24 hours up to now, with zero for those that the server leaves out. */
export function lastDay(points: readonly ThroughputPoint[], now: number): HourCount[] {
  const counted = new Map<number, number>();
  for (const point of points) {
    const hour = Math.floor(Date.parse(point.at) / hourMs);
    counted.set(hour, (counted.get(hour) ?? 0) + point.documents);
  }
  const current = Math.floor(now / hourMs);
  return Array.from({ length: 24 }, (_, position) => {
    const hour = current - 23 + position;
    return { at: new Date(hour * hourMs), documents: counted.get(hour) ?? 0 };
  });
}
