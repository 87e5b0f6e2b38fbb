import { ScrollArea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconArrowUpRight } from "@tabler/icons-react";
import { healthQuery } from "../../api/queries";
import type { Health, Session } from "../../api/types";
import { list } from "../../lib/list";
import { webLink } from "../../lib/url";
import { tabGroups } from "../../routes/tabs";
import classes from "./navigation.module.css";

interface Props {
  session: Session;
  onNavigate: () => void;
}

export function Navigation({ session, onNavigate }: Props) {
  const { data: health } = useQuery(healthQuery);
  const allowed = ({ scope }: { scope?: string }) =>
    scope === undefined || list(session.scopes).includes(scope);
  return (
    <>
      <div className={classes["tenant"]}>
        <span className={classes["label"]}>Tenant</span>
        <strong className={classes["tenantName"]}>{session.tenant.name || session.tenant.slug}</strong>
      </div>
      <ScrollArea className={classes["scroll"]} type="auto">
        <nav aria-label="Tabs">
          {tabGroups.map((group) => (
            <div key={group.label} className={classes["list"]}>
              {group.label !== "" && <span className={classes["label"]}>{group.label}</span>}
              {group.tabs.filter(allowed).map((tab) => (
                <Link
                  key={tab.to}
                  to={tab.to}
                  activeOptions={{ exact: tab.exact, includeSearch: false }}
                  className={classes["item"]}
                  onClick={onNavigate}
                >
                  <tab.icon size={18} stroke={1.6} aria-hidden />
                  {tab.label}
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <nav aria-label="Other tools" className={classes["list"]}>
          <span className={classes["label"]}>Tools</span>
          {tools(health).map((tool) => (
            <a key={tool.label} href={tool.href} target="_blank" rel="noreferrer" className={classes["item"]}>
              {tool.label}
              <IconArrowUpRight size={14} aria-hidden className={classes["arrow"]} />
            </a>
          ))}
        </nav>
      </ScrollArea>
      {health !== undefined && (
        <div className={classes["foot"]}>
          <span>{health.version}</span>
          <span className={classes["environment"]}>{health.environment}</span>
        </div>
      )}
    </>
  );
}

interface Tool {
  label: string;
  href: string;
}

/** What else there is to open, as far as this server knows of it. */
function tools(health: Health | undefined): Tool[] {
  const links = [
    { label: "Temporal UI", href: webLink(health?.links.temporal_ui) },
    { label: "Grafana", href: webLink(health?.links.grafana) },
    { label: "Jaeger", href: webLink(health?.links.jaeger) },
    { label: "API reference", href: "/api/docs" },
  ];
  return links.filter((link): link is Tool => link.href !== undefined);
}
