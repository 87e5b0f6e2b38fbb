import { JsonInput, NumberInput, SimpleGrid, Switch, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Webhook, WebhookInput } from "../../api/types";
import { changeWebhook, createWebhook, eventTypesQuery } from "../../api/webhooks";
import { fieldErrors } from "../../components/form/field-errors";
import { FormDialog } from "../../components/form/form-dialog";
import { list } from "../../lib/list";
import { splitList } from "../../lib/params";
import { eventChoices, readFilter } from "./webhook-input";

interface Props {
  /** The webhook to change; a new one without it. */
  webhook?: Webhook;
  onClose: () => void;
  onCreated?: (webhook: { id: string; secret: string }) => void;
  onChanged?: () => void;
}

interface Draft {
  url: string;
  description: string;
  events: string[];
  rate: number | string;
  concurrency: number | string;
  fifo: boolean;
  filter: string;
  secret: string;
}

const fields = ["url", "description", "events", "rate_limit", "max_concurrency", "fifo", "filter", "secret"];

export function WebhookForm({ webhook, onClose, onCreated, onChanged }: Props) {
  const [draft, setDraft] = useState(() => draftOf(webhook));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: async () => {
      if (webhook === undefined) onCreated?.(await createWebhook(inputOf(draft)));
      else {
        await changeWebhook(webhook.id, inputOf(draft));
        onChanged?.();
      }
    },
    // A new secret is not for the cache.
    gcTime: 0,
  });
  const errors = fieldErrors(save.error);
  return (
    <FormDialog
      title={webhook === undefined ? "Create a webhook" : "Edit webhook"}
      submitLabel={webhook === undefined ? "Create webhook" : "Save"}
      onClose={onClose}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      onSubmit={() => save.mutate()}
    >
      <TextInput
        label="URL"
        placeholder="https://example.com/webhook"
        required
        data-autofocus
        type="url"
        value={draft.url}
        error={errors["url"]}
        onChange={(event) => change({ url: event.currentTarget.value })}
      />
      <EventsInput events={draft.events} error={errors["events"]} onChange={(events) => change({ events })} />
      <TextInput
        label="Description"
        value={draft.description}
        error={errors["description"]}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
      <Pace draft={draft} errors={errors} change={change} />
      <JsonInput
        label="Filter"
        description="Only events whose data has one of the values in each field"
        placeholder={'{"state": ["failed"]}'}
        autosize
        minRows={2}
        value={draft.filter}
        error={errors["filter"]}
        onChange={(filter) => change({ filter })}
      />
      {webhook === undefined && (
        <TextInput
          label="Signing secret"
          description="Made for you when empty; your own from 12 characters on"
          autoComplete="off"
          spellCheck={false}
          value={draft.secret}
          error={errors["secret"]}
          onChange={(event) => change({ secret: event.currentTarget.value })}
        />
      )}
    </FormDialog>
  );
}

function EventsInput(props: {
  events: string[];
  error: string | undefined;
  onChange: (events: string[]) => void;
}) {
  const { data } = useQuery(eventTypesQuery);
  return (
    <TagsInput
      label="Events"
      description="Types of the catalogue, groups such as document.*, or * for all"
      required
      data={eventChoices(list(data).map(({ type }) => type))}
      value={props.events}
      error={props.error}
      // A list that was pasted comes as one entry.
      onChange={(events) => props.onChange(splitList(events.join(",")))}
    />
  );
}

interface PaceProps {
  draft: Draft;
  errors: Readonly<Record<string, string | undefined>>;
  change: (part: Partial<Draft>) => void;
}

function Pace({ draft, errors, change }: PaceProps) {
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput
          label="Requests a second"
          placeholder="No limit"
          min={1}
          max={1000}
          allowDecimal={false}
          value={draft.rate}
          error={errors["rate_limit"]}
          onChange={(rate) => change({ rate })}
        />
        <NumberInput
          label="Requests at once"
          placeholder="8"
          min={1}
          max={64}
          allowDecimal={false}
          value={draft.concurrency}
          error={errors["max_concurrency"]}
          onChange={(concurrency) => change({ concurrency })}
        />
      </SimpleGrid>
      <Switch
        label="One after the other"
        description="In the order in which events occurred; one that fails holds up those after it"
        checked={draft.fifo}
        error={errors["fifo"]}
        onChange={(event) => change({ fifo: event.currentTarget.checked })}
      />
    </>
  );
}

function draftOf(webhook: Webhook | undefined): Draft {
  return {
    url: webhook?.url ?? "",
    description: webhook?.description ?? "",
    events: [...list(webhook?.events)],
    rate: webhook?.rate_limit ?? "",
    concurrency: webhook?.max_concurrency ?? "",
    fifo: webhook?.fifo ?? false,
    filter: webhook?.filter == null ? "" : JSON.stringify(webhook.filter, null, 2),
    secret: "",
  };
}

/** Throws a refusal of the filter's field when that is no JSON object. */
function inputOf(draft: Draft): WebhookInput {
  return {
    url: draft.url.trim(),
    description: draft.description.trim(),
    events: draft.events,
    fifo: draft.fifo,
    filter: readFilter(draft.filter),
    rate_limit: draft.rate === "" ? null : Number(draft.rate),
    ...(draft.concurrency === "" ? {} : { max_concurrency: Number(draft.concurrency) }),
    ...(draft.secret === "" ? {} : { secret: draft.secret }),
  };
}
