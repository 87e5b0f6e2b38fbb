import { Button, Menu, SegmentedControl } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconDownload } from "@tabler/icons-react";
import { exportUrl, ranges, type Range } from "../../api/analytics";
import { Page } from "../../components/page";
import { Clicks } from "./clicks";
import { LatencyPanel } from "./latency-panel";
import { Popular, Trending, ZeroResults } from "./query-panels";
import { SearchFiguresRow } from "./search-figures";
import { UserPanel } from "./user-panel";
import { VolumePanel } from "./volume-panel";
import classes from "./analytics.module.css";

export function AnalyticsPage() {
  const { days = 7, user } = useSearch({ from: "/dashboard/analytics" });
  const navigate = useNavigate({ from: "/analytics" });
  return (
    <Page
      title="Analytics"
      about="What was searched for, how fast it was answered, and what was chosen."
      actions={
        <>
          <SegmentedControl
            aria-label="Range"
            value={String(days)}
            data={ranges.map((range) => ({
              value: String(range),
              label: range === 1 ? "24 h" : `${range} d`,
            }))}
            onChange={(next) =>
              void navigate({
                search: (old) => ({ ...old, days: ranges.find((range) => String(range) === next) }),
                replace: true,
              })
            }
          />
          <ExportMenu days={days} />
        </>
      }
    >
      <SearchFiguresRow days={days} />
      <div className={classes["columns"]}>
        <VolumePanel days={days} />
        <LatencyPanel days={days} />
      </div>
      <div className={classes["columns"]}>
        <Popular days={days} />
        <Trending days={days} />
      </div>
      <div className={classes["columns"]}>
        <ZeroResults days={days} />
        <Clicks days={days} />
      </div>
      <UserPanel user={user} days={days} />
    </Page>
  );
}

function ExportMenu({ days }: { days: Range }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={exportUrl(days, "csv")} download="searches.csv">
          CSV, a line for each search
        </Menu.Item>
        <Menu.Item component="a" href={exportUrl(days, "ndjson")} download="searches.ndjson">
          NDJSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
