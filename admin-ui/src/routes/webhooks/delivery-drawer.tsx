import { Button, Code, Group, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Attempt, Delivery } from "../../api/types";
import { deliveryQuery, resendDelivery } from "../../api/webhooks";
import { CopyButton } from "../../components/copy-button";
import { DetailDrawer } from "../../components/dialog/detail-drawer";
import { Fact, Facts } from "../../components/facts";
import { FormError } from "../../components/form/form-error";
import { JsonView } from "../../components/json-view";
import { QueryState } from "../../components/query-state";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { useToast } from "../../components/toast";
import { formatMilliseconds } from "../../lib/format";
import { list } from "../../lib/list";
import { deliveryState } from "./webhook-state";
import classes from "./webhooks.module.css";

/** How often a delivery that is on its way is looked at, whatever the page's rhythm. */
const watchMs = 1000;

/** One delivery with every attempt, what was sent and what was answered. */
export function DeliveryDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const query = useQuery({
    ...deliveryQuery(id ?? ""),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (onTheWay(state.data) ? watchMs : false),
  });
  return (
    <DetailDrawer opened={id !== undefined} onClose={onClose} title={query.data?.event_type ?? "Delivery"}>
      <QueryState query={query} what="this delivery" loading={<TableSkeleton rows={5} />}>
        {(delivery) => <DeliveryDetail delivery={delivery} />}
      </QueryState>
    </DetailDrawer>
  );
}

/** A first attempt is a matter of moments; what waits for a retry may wait for hours. */
function onTheWay(delivery: Delivery | undefined): boolean {
  if (delivery === undefined) return false;
  if (delivery.state === "delivering") return true;
  return delivery.state === "pending" && Date.parse(delivery.next_attempt_at ?? "") - Date.now() < 5000;
}

function DeliveryDetail({ delivery }: { delivery: Delivery }) {
  return (
    <Stack gap="md">
      <Facts>
        <Fact name="State">
          <Status {...deliveryState(delivery)} />
        </Fact>
        <Fact name="Occurred">
          <RelativeTime at={delivery.occurred_at} />
        </Fact>
        {delivery.next_attempt_at !== null && (
          <Fact name="Next attempt">
            <RelativeTime at={delivery.next_attempt_at} />
          </Fact>
        )}
        <Fact name="Event id">
          <Code>{delivery.event_id}</Code> <CopyButton value={delivery.event_id} what="event id" />
        </Fact>
      </Facts>
      <Resend delivery={delivery} />
      <h3 className={classes["heading"]}>Attempts</h3>
      <Attempts attempts={list(delivery.attempts)} />
      <h3 className={classes["heading"]}>Data</h3>
      <JsonView value={delivery.data} label="data" />
    </Stack>
  );
}

function Resend({ delivery }: { delivery: Delivery }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const resend = useMutation({
    mutationFn: () => resendDelivery(delivery.id),
    onSuccess: async () => {
      toast("It is sent again.");
      await queryClient.invalidateQueries({ queryKey: ["delivery", delivery.id] });
      await queryClient.invalidateQueries({ queryKey: ["webhook", delivery.webhook_id] });
    },
  });
  return (
    <>
      <Group>
        <Button variant="default" size="xs" loading={resend.isPending} onClick={() => resend.mutate()}>
          Send again
        </Button>
      </Group>
      <FormError error={resend.error} />
    </>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <div className={classes["note"]}>None was made yet.</div>;
  return (
    <ol className={classes["attempts"]} aria-label="Attempts">
      {[...attempts].reverse().map((attempt) => (
        <li key={attempt.number} className={classes["attempt"]}>
          <div className={classes["line"]}>
            <Status
              tone={attempt.error_code === undefined ? "good" : "bad"}
              label={`#${attempt.number} · ${attempt.status ?? "no answer"}`}
            />
            <span>{formatMilliseconds(attempt.duration_ms)}</span>
            {attempt.error_code !== undefined && <Code>{attempt.error_code}</Code>}
            <span className={classes["when"]}>
              <RelativeTime at={attempt.started_at} />
            </span>
          </div>
          {attempt.error !== undefined && <div className={classes["why"]}>{attempt.error}</div>}
          {attempt.response !== undefined && <pre className={classes["response"]}>{attempt.response}</pre>}
        </li>
      ))}
    </ol>
  );
}
