import { Accordion, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconArrowLeft } from "@tabler/icons-react";
import type { EventType } from "../../api/types";
import { eventTypesQuery } from "../../api/webhooks";
import { ButtonLink } from "../../components/button-link";
import { JsonView } from "../../components/json-view";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { humanize } from "../../lib/format";
import classes from "./webhooks.module.css";

export function EventTypesPage() {
  const { type } = useSearch({ from: "/dashboard/webhooks/events" });
  const navigate = useNavigate({ from: "/webhooks/events" });
  const query = useQuery(eventTypesQuery);
  return (
    <Page
      title="Event catalogue"
      about="What webhooks can be told, with the schema of its data and an example."
      back={
        <ButtonLink
          to="/webhooks"
          variant="subtle"
          color="gray"
          size="compact-sm"
          ml={-8}
          leftSection={<IconArrowLeft size={14} aria-hidden />}
        >
          Webhooks
        </ButtonLink>
      }
    >
      <Panel title="Events" flush>
        <QueryState query={query} what="the event catalogue" loading={<TableSkeleton />}>
          {(types) => (
            <Accordion
              value={type ?? null}
              onChange={(next) => void navigate({ search: { type: next ?? undefined }, replace: true })}
            >
              {types.map((event) => (
                <Accordion.Item key={event.type} value={event.type}>
                  <Accordion.Control>
                    <Group gap="sm">
                      <code className={classes["events"]}>{event.type}</code>
                      {event.emission !== "always" && (
                        <Text size="xs" c="dimmed">
                          {humanize(event.emission)}
                        </Text>
                      )}
                    </Group>
                    <Text size="sm" c="dimmed">
                      {event.description}
                    </Text>
                  </Accordion.Control>
                  <Accordion.Panel>{type === event.type && <EventDetail event={event} />}</Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          )}
        </QueryState>
      </Panel>
    </Page>
  );
}

function EventDetail({ event }: { event: EventType }) {
  return (
    <div className={classes["columns"]}>
      <div>
        <h3 className={classes["heading"]}>Example</h3>
        <JsonView value={event.example} label="example" />
      </div>
      <div>
        <h3 className={classes["heading"]}>Schema of the data</h3>
        <JsonView value={event.schema} label="schema" />
      </div>
    </div>
  );
}
