import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Session } from "../../api/types";
import { RefreshControl } from "../../refresh/refresh-control";
import { Logo } from "../logo";
import { Help } from "./help";
import { Navigation } from "./navigation";
import { TemporalLink } from "./temporal-link";
import { ThemeSwitch } from "./theme-switch";
import { UserMenu } from "./user-menu";
import classes from "./shell.module.css";

/** "/" leads to the search field, from wherever nothing is being typed. */
function useSearchKey(): void {
  const navigate = useNavigate();
  const focus = () => document.querySelector<HTMLElement>("[data-search-field]")?.focus();
  useHotkeys([
    [
      "/",
      () => {
        if (document.querySelector('[role="dialog"]') !== null) return;
        if (document.querySelector("[data-search-field]") === null) void navigate({ to: "/search" });
        else focus();
      },
    ],
  ]);
}

/** The frame around every tab: header, navigation, content. */
export function Shell({ session, children }: { session: Session; children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  useSearchKey();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 216, breakpoint: "md", collapsed: { mobile: !opened } }}
      classNames={{ header: classes["header"] ?? "", navbar: classes["navbar"] ?? "" }}
    >
      <a className={classes["skip"]} href="#content">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={opened ? "Close the navigation" : "Open the navigation"}
              aria-expanded={opened}
            />
            <Link to="/" className={classes["brand"]} aria-label="RustAssistant: Overview">
              <Logo />
              <span className={classes["brandName"]}>RustAssistant</span>
            </Link>
          </Group>
          <Group gap="xs" wrap="nowrap">
            {session.development && (
              <span className={classes["development"]} title="Development mode">
                dev<span className={classes["wide"]}>elopment</span>
              </span>
            )}
            <TemporalLink visibleFrom="md" mr="xs" />
            <RefreshControl />
            <Group gap={2} wrap="nowrap">
              <ThemeSwitch />
              <Help />
              <UserMenu session={session} />
            </Group>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar>
        <Navigation session={session} onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes["main"]}>
        <div className={classes["page"]}>{children}</div>
      </AppShell.Main>
    </AppShell>
  );
}
