import { IconLayoutDashboard, type Icon } from "@tabler/icons-react";

interface Tab {
  to: "/";
  label: string;
  icon: Icon;
}

/** The dashboard's tabs in their order. A tab is added here and in router.tsx. */
export const tabs: readonly Tab[] = [{ to: "/", label: "Overview", icon: IconLayoutDashboard }];
