import { IconLayoutDashboard, type Icon } from "@tabler/icons-react";

interface Tab {
  to: "/";
  /** Whether the tab is active on its own page only, not on those below it. */
  exact: boolean;
  label: string;
  icon: Icon;
}

/** The dashboard's tabs in their order. A tab is added here and in router.tsx. */
export const tabs: readonly Tab[] = [{ to: "/", exact: true, label: "Overview", icon: IconLayoutDashboard }];
