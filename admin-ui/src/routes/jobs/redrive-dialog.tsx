import { Checkbox, Group, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { countRedrive, redrive, type JobFilter, type RedriveFilter } from "../../api/jobs";
import type { Job } from "../../api/types";
import { FormDialog } from "../../components/form/form-dialog";
import { formatNoun } from "../../lib/format";

interface Props {
  /** What the list is filtered by. */
  filter: JobFilter;
  onClose: () => void;
  onStarted: (job: Job | undefined) => void;
}

type State = NonNullable<RedriveFilter["states"]>[number];

const states: readonly { value: State; label: string }[] = [
  { value: "failed", label: "failed" },
  { value: "completed_with_errors", label: "completed with errors" },
  { value: "canceled", label: "were canceled" },
];

/** Retries every job of a filter, however many: counted first, then started with that count. */
export function RedriveDialog({ filter, onClose, onStarted }: Props) {
  const chosen = states.filter(({ value }) => value === filter.state).map(({ value }) => value);
  const [draft, setDraft] = useState({
    states: chosen.length > 0 ? chosen : (["failed", "completed_with_errors"] as State[]),
    code: filter.error_code ?? "",
  });
  const body = (): RedriveFilter => ({
    states: draft.states,
    ...(draft.code.trim() === "" ? {} : { error_code: draft.code.trim() }),
  });
  const count = useMutation({ mutationFn: () => countRedrive(body()) });
  const start = useMutation({
    mutationFn: (expected: number) => redrive(body(), expected),
    onSuccess: (answer) => onStarted(answer.job),
    // There are more or fewer by now: they must be counted again.
    onError: () => count.reset(),
  });
  const change = (part: Partial<typeof draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    count.reset();
    start.reset();
  };
  const counted = count.data?.count;
  return (
    <FormDialog
      title="Retry many jobs"
      submitLabel={counted === undefined || counted === 0 ? "Count" : `Retry ${formatNoun(counted, "job")}`}
      onClose={onClose}
      pending={count.isPending || start.isPending}
      error={start.error ?? count.error}
      fields={[]}
      onSubmit={() => (counted === undefined || counted === 0 ? count.mutate() : start.mutate(counted))}
    >
      <Checkbox.Group
        label="Indexing jobs that"
        value={draft.states}
        onChange={(next) => change({ states: next })}
      >
        <Group gap="md" mt={4}>
          {states.map(({ value, label }) => (
            <Checkbox key={value} value={value} label={label} />
          ))}
        </Group>
      </Checkbox.Group>
      <TextInput
        label="Error code"
        placeholder="Any"
        value={draft.code}
        onChange={(event) => change({ code: event.currentTarget.value })}
      />
      {counted !== undefined && (
        <Text size="sm" role="status">
          {counted === 0
            ? "There are none that were not retried already."
            : `${formatNoun(counted, "job")}: each is repeated by a new job that does what failed, and nothing else.`}
        </Text>
      )}
    </FormDialog>
  );
}
