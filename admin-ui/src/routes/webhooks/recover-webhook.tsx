import { Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { RecoveryCount } from "../../api/types";
import { recoverWebhook } from "../../api/webhooks";
import { FormDialog } from "../../components/form/form-dialog";
import { fieldErrors } from "../../components/form/field-errors";
import { useToast } from "../../components/toast";
import { formatCount, formatNoun } from "../../lib/format";
import { localInput, fromLocalInput } from "../../lib/local-time";
import classes from "./webhooks.module.css";

interface Props {
  id: string;
  onClose: () => void;
  onStarted: () => void;
}

interface Draft {
  since: string;
  states: string[];
  missed: boolean;
}

const day = 86_400_000;

/** Sends again what a webhook did not get: first counted, then started with that count in sight. */
export function RecoverWebhook({ id, onClose, onStarted }: Props) {
  const [draft, setDraft] = useState<Draft>(() => ({
    since: localInput(new Date(Date.now() - day)),
    states: ["exhausted", "canceled"],
    missed: true,
  }));
  // One key for all tries of this dialog, so that a start that is sent twice starts once.
  const [attempt] = useState(() => crypto.randomUUID());
  const toast = useToast();
  const body = () => ({
    since: fromLocalInput(draft.since),
    states: draft.states as ("exhausted" | "canceled" | "delivered")[],
    missed: draft.missed,
  });
  const count = useMutation({ mutationFn: () => recoverWebhook(id, { ...body(), dry_run: true }) });
  const start = useMutation({
    mutationFn: () => recoverWebhook(id, body(), attempt),
    onSuccess: () => {
      toast("They are sent again, no faster than the endpoint takes them.");
      onStarted();
    },
  });
  const counts = count.data?.counts;
  const change = (part: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    // A count of other events must not be confirmed.
    count.reset();
    start.reset();
  };
  const error = start.error ?? count.error;
  return (
    <FormDialog
      title="Send again since"
      submitLabel={counts === undefined ? "Count" : `Send ${formatNoun(counts.total, "event")} again`}
      onClose={onClose}
      pending={count.isPending || start.isPending}
      error={error}
      fields={["since", "states"]}
      onSubmit={() => (counts === undefined ? count.mutate() : start.mutate())}
    >
      <TextInput
        label="Events since"
        type="datetime-local"
        value={draft.since}
        error={fieldErrors(error)["since"]}
        onChange={(event) => change({ since: event.currentTarget.value })}
      />
      <Which draft={draft} error={fieldErrors(error)["states"]} change={change} />
      {counts !== undefined && <Counts counts={counts} />}
    </FormDialog>
  );
}

interface WhichProps {
  draft: Draft;
  error: string | undefined;
  change: (part: Partial<Draft>) => void;
}

function Which({ draft, error, change }: WhichProps) {
  return (
    <Stack gap="xs">
      <Checkbox.Group
        label="Deliveries that"
        value={draft.states}
        error={error}
        onChange={(states) => change({ states })}
      >
        <Group gap="md" mt={4}>
          <Checkbox value="exhausted" label="ran out of attempts" />
          <Checkbox value="canceled" label="were canceled" />
          <Checkbox value="delivered" label="were delivered" />
        </Group>
      </Checkbox.Group>
      <Checkbox
        label="Events that have no delivery yet, because it did not subscribe to them then"
        checked={draft.missed}
        onChange={(event) => change({ missed: event.currentTarget.checked })}
      />
    </Stack>
  );
}

function Counts({ counts }: { counts: RecoveryCount }) {
  return (
    <div className={classes["counts"]} role="status" aria-label="Count">
      {(["exhausted", "canceled", "delivered", "missed"] as const).map((name) => (
        <div key={name}>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
          <Text fw={600}>{formatCount(counts[name])}</Text>
        </div>
      ))}
      {!counts.complete && (
        <Text size="xs" c="dimmed">
          There are more: counting took too long and stopped.
        </Text>
      )}
    </div>
  );
}
