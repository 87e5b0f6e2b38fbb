import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Health, Service } from "../../api/types";
import { Loading } from "../../components/loading";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Status, StatusDot } from "../../components/status";
import { formatDuration, formatMilliseconds } from "../../lib/format";
import { list } from "../../lib/list";
import { serviceName, serviceState, summary } from "./health-summary";
import classes from "./health-panel.module.css";

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
  const { tone, label } = summary(health.status, health.services);
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
  const { tone, label } = serviceState(service.status);
  const latency = service.latency_ms;
  return (
    <li className={classes["service"]} data-tone={tone}>
      <div className={classes["name"]}>
        <StatusDot tone={tone} />
        {serviceName(service.name)}
      </div>
      <div className={classes["state"]}>
        {label}
        {latency !== null && ` · ${formatMilliseconds(latency)}`}
      </div>
      {service.detail !== "" && <div className={classes["detail"]}>{service.detail}</div>}
    </li>
  );
}

function HealthSkeleton() {
  return (
    <Loading>
      <Skeleton height={72} />
    </Loading>
  );
}
