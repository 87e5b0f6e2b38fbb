import type { LinkProps } from "@tanstack/react-router";
import {
  IconActivity,
  IconAdjustments,
  IconBuilding,
  IconChartBar,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconListCheck,
  IconSearch,
  IconWebhook,
  type Icon,
} from "@tabler/icons-react";

interface Tab {
  to: NonNullable<LinkProps["to"]>;
  /** Whether the tab is active on its own page only, not on those below it. */
  exact: boolean;
  label: string;
  icon: Icon;
  /** Who lacks it is not shown the tab. */
  scope?: string;
}

interface Group {
  /** Empty for the group that needs no name. */
  label: string;
  tabs: readonly Tab[];
}

/** The dashboard's tabs in their order. A tab is added here and in router.tsx. */
export const tabGroups: readonly Group[] = [
  { label: "", tabs: [{ to: "/", exact: true, label: "Overview", icon: IconLayoutDashboard }] },
  {
    label: "Search",
    tabs: [
      { to: "/search", exact: false, label: "Search", icon: IconSearch },
      { to: "/analytics", exact: false, label: "Analytics", icon: IconChartBar },
      { to: "/settings", exact: false, label: "Relevance", icon: IconAdjustments },
    ],
  },
  {
    label: "Operate",
    tabs: [
      { to: "/jobs", exact: false, label: "Jobs", icon: IconListCheck },
      { to: "/webhooks", exact: false, label: "Webhooks", icon: IconWebhook },
      { to: "/metrics", exact: false, label: "Metrics", icon: IconActivity },
    ],
  },
  {
    label: "Administer",
    tabs: [
      { to: "/keys", exact: false, label: "API keys", icon: IconKey },
      { to: "/audit-log", exact: false, label: "Audit log", icon: IconHistory },
      { to: "/tenants", exact: false, label: "Tenants", icon: IconBuilding, scope: "platform" },
    ],
  },
];
