import type { Stats } from "../../api/types";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { formatCount } from "../../lib/format";
import { Fact, Facts } from "../../components/facts";

export function JobsPanel({ jobs }: { jobs: Stats["jobs"] }) {
  return (
    <Panel title="Jobs">
      <Facts>
        <Fact name={<Status tone={jobs.running > 0 ? "active" : "idle"} label="Running" />}>
          {formatCount(jobs.running)}
        </Fact>
        <Fact name={<Status tone="idle" label="Queued" />}>{formatCount(jobs.queued)}</Fact>
        <Fact name={<Status tone="good" label="Completed, 24 hours" />}>
          {formatCount(jobs.completed_24h)}
        </Fact>
        <Fact name={<Status tone={jobs.failed_24h > 0 ? "bad" : "idle"} label="With failures, 24 hours" />}>
          {formatCount(jobs.failed_24h)}
        </Fact>
      </Facts>
    </Panel>
  );
}
