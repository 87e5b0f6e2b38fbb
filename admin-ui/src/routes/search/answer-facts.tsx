import type { SearchOutcome } from "../../api/search";
import { Figure, Figures } from "../../components/figure";
import { Notice } from "../../components/notice";
import { formatCount, formatMilliseconds, formatShare } from "../../lib/format";
import { list } from "../../lib/list";

const cacheNames: Record<string, { label: string; note: string }> = {
  HIT: { label: "Hit", note: "answered from the cache" },
  MISS: { label: "Miss", note: "computed from the index, and kept" },
  STALE: { label: "Stale", note: "may not be the newest" },
  BYPASS: { label: "Bypassed", note: "computed because you asked for it" },
};

/** How an answer came about: its time, the cache, what was understood. */
export function AnswerFacts({ answer, cache, timing }: SearchOutcome) {
  const steps = timing.filter(({ step }) => step !== "total");
  const { label, note } = cacheNames[cache] ?? { label: cache, note: "" };
  return (
    <>
      <Notices answer={answer} />
      <Figures label="Answer">
        <Figure label="Time in the server" value={formatMilliseconds(answer.execution_time_ms)}>
          {steps.map(({ step, ms }) => `${step} ${formatMilliseconds(ms)}`).join(", ")}
        </Figure>
        <Figure label="Cache" value={label}>
          {note}
        </Figure>
        <Figure label="Index generation" value={formatCount(answer.generation)}>
          {answer.vectors === undefined
            ? "keyword only"
            : `${formatShare(answer.vectors.covered, answer.vectors.chunks)} of passages have vectors`}
        </Figure>
      </Figures>
    </>
  );
}

function Notices({ answer }: Pick<SearchOutcome, "answer">) {
  const corrections = list(answer.corrections).map(
    ({ word, used }) => `“${word}” was read as ${used.map((each) => `“${each}”`).join(", ")}.`,
  );
  const dropped = list(answer.dropped_phrases).map((phrase) => `The phrase “${phrase}” was left out.`);
  const notices = [...(answer.notice === undefined ? [] : [answer.notice]), ...corrections, ...dropped];
  return notices.map((notice) => <Notice key={notice}>{notice}</Notice>);
}
