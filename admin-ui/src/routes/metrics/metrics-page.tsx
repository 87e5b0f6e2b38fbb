import { useQuery, useQueryClient } from "@tanstack/react-query";
import { healthQuery } from "../../api/queries";
import { ChartPanel } from "../../components/chart-panel";
import { ExternalLink } from "../../components/external-link";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { unknown } from "../../lib/format";
import { webLink } from "../../lib/url";
import { useRefetchInterval } from "../../refresh/refresh";
import { chartPoints, metricCharts } from "./charts";
import { metricsQuery, type Scrape } from "./history";
import classes from "./metrics.module.css";

const time = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function MetricsPage() {
  const queryClient = useQueryClient();
  const query = useQuery({ ...metricsQuery(queryClient), refetchInterval: useRefetchInterval() });
  return (
    <Page
      title="Metrics"
      about="The Prometheus metrics of the server that answers this page, since it was opened. What lasts longer is in Prometheus."
      actions={<Links />}
    >
      <QueryState
        query={query}
        what="the metrics"
        loading={
          <Panel title="Metrics">
            <TableSkeleton />
          </Panel>
        }
        frame={(failure) => <Panel title="Metrics">{failure}</Panel>}
      >
        {(scrapes) => <Charts scrapes={scrapes} />}
      </QueryState>
    </Page>
  );
}

function Links() {
  const { data } = useQuery(healthQuery);
  const links = [
    { label: "Grafana", href: webLink(data?.links.grafana) },
    { label: "Jaeger", href: webLink(data?.links.jaeger) },
    { label: "/metrics", href: "/metrics" },
  ];
  return links.map(({ label, href }) =>
    href === undefined ? null : (
      <ExternalLink key={label} href={href}>
        {label}
      </ExternalLink>
    ),
  );
}

function Charts({ scrapes }: { scrapes: readonly Scrape[] }) {
  return (
    <div className={classes["charts"]}>
      {metricCharts.map((chart) => {
        const points = chartPoints(chart, scrapes);
        const last = points.at(-1);
        const now = chart.lines.map(({ name }) => {
          const value = last?.values[name];
          return `${chart.lines.length > 1 ? `${name} ` : ""}${value == null ? unknown : chart.format(value)}`;
        });
        return (
          <ChartPanel
            key={chart.title}
            title={chart.title}
            aside={now.join(" · ")}
            empty={
              scrapes.length < 2 ? "Drawn from the next refresh on" : "Nothing since this page was opened"
            }
            label={`${chart.title} over time: now ${now.join(", ")}`}
            kind="lines"
            points={points}
            series={chart.lines.map(({ name, color }) => ({ name, color }))}
            format={chart.format}
            time={time}
          />
        );
      })}
    </div>
  );
}
