import { Checkbox, NumberInput, Select, SimpleGrid, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changeKey, createKey, scopes } from "../../api/keys";
import type { APIKey, APIKeyInput, CreatedAPIKey } from "../../api/types";
import { fieldErrors } from "../../components/form/field-errors";
import { FormDialog } from "../../components/form/form-dialog";
import { list } from "../../lib/list";
import { splitList } from "../../lib/params";
import { expiryChoices, expiryDate, keepExpiry } from "./key-expiry";

interface Props {
  /** The key to change; a new one without it. */
  apiKey?: APIKey;
  onClose: () => void;
  onCreated?: (key: CreatedAPIKey) => void;
  onChanged?: () => void;
}

interface Draft {
  name: string;
  description: string;
  scopes: string[];
  expiry: string;
  networks: string;
  rate: number | string;
}

const fields = ["name", "description", "scopes", "expires_at", "allowed_networks", "rate_limit"];

export function KeyForm({ apiKey, onClose, onCreated, onChanged }: Props) {
  const [draft, setDraft] = useState(() => draftOf(apiKey));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: async () => {
      const input = inputOf(draft);
      if (apiKey === undefined) onCreated?.(await createKey(input));
      else {
        await changeKey(apiKey.id, input);
        onChanged?.();
      }
    },
    // A new key is not for the cache.
    gcTime: 0,
  });
  const errors = fieldErrors(save.error);
  return (
    <FormDialog
      title={apiKey === undefined ? "Create an API key" : `Edit “${apiKey.name}”`}
      submitLabel={apiKey === undefined ? "Create key" : "Save"}
      onClose={onClose}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      onSubmit={() => save.mutate()}
    >
      <TextInput
        label="Name"
        required
        data-autofocus
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Checkbox.Group
        label="Scopes"
        description="What whoever holds the key may do"
        value={draft.scopes}
        error={errors["scopes"]}
        onChange={(chosen) => change({ scopes: chosen })}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" mt="xs">
          {scopes.map(({ value, does }) => (
            <Checkbox key={value} size="sm" value={value} label={value} description={does} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label="Expires"
          allowDeselect={false}
          data={expiryChoices(apiKey)}
          value={draft.expiry}
          error={errors["expires_at"]}
          onChange={(expiry) => change({ expiry: expiry ?? "never" })}
        />
        <NumberInput
          label="Requests a minute"
          placeholder="No limit of its own"
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          value={draft.rate}
          error={errors["rate_limit"]}
          onChange={(rate) => change({ rate })}
        />
      </SimpleGrid>
      <TextInput
        label="Networks"
        description="Addresses and networks it may be used from, separated by commas; everywhere when empty"
        placeholder="203.0.113.7, 10.20.0.0/16"
        value={draft.networks}
        error={errors["allowed_networks"]}
        onChange={(event) => change({ networks: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        value={draft.description}
        error={errors["description"]}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
    </FormDialog>
  );
}

function draftOf(key: APIKey | undefined): Draft {
  return {
    name: key?.name ?? "",
    description: key?.description ?? "",
    scopes: key === undefined ? ["search", "documents:read", "documents:write"] : [...list(key.scopes)],
    expiry: key?.expires_at == null ? "never" : keepExpiry,
    networks: list(key?.allowed_networks).join(", "),
    rate: key !== undefined && key.rate_limit > 0 ? key.rate_limit : "",
  };
}

function inputOf(draft: Draft): APIKeyInput {
  const expires = expiryDate(draft.expiry, Date.now());
  return {
    name: draft.name.trim(),
    description: draft.description.trim(),
    scopes: draft.scopes,
    allowed_networks: splitList(draft.networks),
    rate_limit: Number(draft.rate) || 0,
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
}
