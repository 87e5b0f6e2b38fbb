import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Health, Service } from "../../api/types";
import { Loading } from "../../components/loading";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Status, StatusDot, type Tone } from "../../components/status";
import { formatDuration, formatMilliseconds, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import classes from "./health-panel.module.css";

const serviceNames: Record<string, string> = {
  database: "PostgreSQL",
  redis: "Redis",
  temporal: "Temporal",
  index: "Search index",
  worker: "Workers",
};

const states: Record<string, { tone: Tone; label: string }> = {
  ok: { tone: "good", label: "Healthy" },
  degraded: { tone: "warning", label: "Degraded" },
  down: { tone: "bad", label: "Down" },
  off: { tone: "idle", label: "Not used" },
};

export function HealthPanel({ query }: { query: UseQueryResult<Health> }) {
  return (
    <Panel title="System health" aside={query.isSuccess && <Summary health={query.data} />}>
      <QueryState query={query} what="the system's health" loading={<HealthSkeleton />}>
        {(health) => (
          <ul className={classes["services"]}>
            {list(health.services).map((service) => (
              <ServiceTile key={service.name} service={service} />
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}

function Summary({ health }: { health: Health }) {
  const { tone, label } = summary(health.status, list(health.services));
  return (
    <span className={classes["summary"]}>
      <strong>
        <Status tone={tone} label={label} />
      </strong>
      <span className={classes["uptime"]}>up {formatDuration(health.uptime_seconds * 1000)}</span>
    </span>
  );
}

function ServiceTile({ service }: { service: Service }) {
  const { tone, label } = stateOf(service.status);
  const latency = service.latency_ms;
  return (
    <li className={classes["service"]} data-tone={tone}>
      <div className={classes["name"]}>
        <StatusDot tone={tone} />
        {serviceName(service.name)}
      </div>
      <div className={classes["state"]}>
        {label}
        {typeof latency === "number" && ` · ${formatMilliseconds(latency)}`}
      </div>
      {service.detail !== undefined && service.detail !== "" && (
        <div className={classes["detail"]}>{service.detail}</div>
      )}
    </li>
  );
}

function serviceName(name: string): string {
  return serviceNames[name] ?? humanize(name);
}

function stateOf(status: string): { tone: Tone; label: string } {
  return states[status] ?? { tone: "idle", label: humanize(status) };
}

/** The whole in one line, which names whatever needs somebody's attention. */
export function summary(status: string, services: readonly Service[]): { tone: Tone; label: string } {
  if (status === "ok") return { tone: "good", label: "All systems healthy" };
  const { tone, label } = stateOf(status);
  const affected = services.filter((service) => service.status === "down" || service.status === "degraded");
  if (affected.length === 0) return { tone, label };
  return { tone, label: `${label}: ${affected.map((service) => serviceName(service.name)).join(", ")}` };
}

function HealthSkeleton() {
  return (
    <Loading>
      <Skeleton height={72} />
    </Loading>
  );
}
