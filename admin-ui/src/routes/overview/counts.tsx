import { Progress, Skeleton } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";
import type { Stats } from "../../api/types";
import { formatCount, formatMilliseconds, formatNoun, formatRate, formatShare } from "../../lib/format";
import { useRate } from "../../lib/rate";
import classes from "./counts.module.css";

interface Props {
  stats: Stats;
  /** When stats was received, in milliseconds. */
  at: number;
}

/** The figures that are looked at first, each with where it is going. */
export function Counts({ stats, at }: Props) {
  const indexing = useRate(stats.documents.searchable, at);
  const searching = useRate(stats.search.requests, at);
  return (
    <section className={classes["root"]} aria-label="Counts">
      <DocumentsCount documents={stats.documents} />
      <SearchableCount documents={stats.documents} rate={indexing} />
      <SearchCount search={stats.search} rate={searching} />
      <CacheCount cache={stats.cache} />
    </section>
  );
}

function DocumentsCount({ documents }: { documents: Stats["documents"] }) {
  return (
    <Count label="Documents" value={formatCount(documents.total)}>
      {documents.added_24h > 0 ? (
        <span className={classes["up"]}>
          <IconArrowUp size={14} stroke={2.2} aria-hidden />
          {formatCount(documents.added_24h)} indexed in the last 24 hours
        </span>
      ) : (
        "None indexed in the last 24 hours"
      )}
    </Count>
  );
}

function SearchableCount({ documents, rate }: { documents: Stats["documents"]; rate: number | null }) {
  return (
    <Count
      label="Searchable"
      value={formatCount(documents.searchable)}
      aside={documents.total > 0 ? formatShare(documents.searchable, documents.total) : ""}
      bar={share(documents.searchable, documents.total)}
    >
      {formatCount(documents.pending)} pending
      {rate !== null && rate > 0 && `, ${formatRate(rate)}`} ·{" "}
      <span className={documents.failed > 0 ? classes["bad"] : undefined}>
        {formatCount(documents.failed)} failed
      </span>
    </Count>
  );
}

function SearchCount({ search, rate }: { search: Stats["search"]; rate: number | null }) {
  const idle = search.requests === 0;
  return (
    <Count
      label="Search latency, median"
      value={formatMilliseconds(idle ? null : search.p50_ms)}
      aside={idle ? "" : `p95 ${formatMilliseconds(search.p95_ms)}`}
    >
      {idle ? "No searches yet" : formatNoun(search.requests, "search", "searches")}
      {rate !== null && rate > 0 && `, ${formatRate(rate)} now`}
    </Count>
  );
}

function CacheCount({ cache }: { cache: Stats["cache"] }) {
  if (!cache.enabled) {
    return (
      <Count label="Cache hit rate" value="Off">
        Every search is computed anew
      </Count>
    );
  }
  const lookups = cache.hits + cache.misses;
  return (
    <Count
      label="Cache hit rate"
      value={formatShare(cache.hits, lookups)}
      aside={cacheState(cache)}
      bar={share(cache.hits, lookups)}
    >
      {lookups === 0
        ? "No lookups yet"
        : `${formatNoun(cache.hits, "hit")} · ${formatNoun(cache.misses, "miss", "misses")}`}
    </Count>
  );
}

/** How much this process holds, unless Redis needs attention: its breaker opens after errors. */
function cacheState(cache: Stats["cache"]): string {
  const { breaker } = cache.redis;
  if (breaker !== "" && breaker !== "closed") return "Redis held off";
  return `${formatCount(cache.memory_items)} in memory`;
}

function share(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 0;
}

interface CountProps {
  label: string;
  value: string;
  aside?: string;
  /** A part of a whole, in percent; without it there is no bar. */
  bar?: number;
  children: ReactNode;
}

function Count({ label, value, aside, bar, children }: CountProps) {
  const labelId = useId();
  return (
    <div className={classes["count"]} role="group" aria-labelledby={labelId}>
      <div className={classes["head"]}>
        <h2 className={classes["label"]} id={labelId}>
          {label}
        </h2>
        <span className={classes["aside"]}>{aside}</span>
      </div>
      <div className={classes["value"]}>{value}</div>
      {/* The figures beside it say the same, so it is drawn for the eye alone. */}
      {bar !== undefined && <Progress value={bar} size={4} aria-hidden className={classes["bar"]} />}
      <div className={classes["foot"]}>{children}</div>
    </div>
  );
}

export function CountsSkeleton() {
  return (
    <div className={classes["root"]}>
      {["documents", "searchable", "search", "cache"].map((name) => (
        <div key={name} className={classes["count"]}>
          <Skeleton height={14} width={90} mb={14} />
          <Skeleton height={26} width={130} mb={14} />
          <Skeleton height={12} width="80%" />
        </div>
      ))}
    </div>
  );
}
