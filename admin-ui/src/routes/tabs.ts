import type { LinkProps } from "@tanstack/react-router";
import { IconKey, IconLayoutDashboard, IconListCheck, IconWebhook, type Icon } from "@tabler/icons-react";

interface Tab {
  to: NonNullable<LinkProps["to"]>;
  /** Whether the tab is active on its own page only, not on those below it. */
  exact: boolean;
  label: string;
  icon: Icon;
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
    label: "Operate",
    tabs: [
      { to: "/jobs", exact: false, label: "Jobs", icon: IconListCheck },
      { to: "/webhooks", exact: false, label: "Webhooks", icon: IconWebhook },
    ],
  },
  { label: "Administer", tabs: [{ to: "/keys", exact: false, label: "API keys", icon: IconKey }] },
];
