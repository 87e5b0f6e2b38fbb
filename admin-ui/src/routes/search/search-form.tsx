import { Button, NumberInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState, type SyntheticEvent } from "react";
import { searchTypes } from "../../api/search";
import { humanize } from "../../lib/format";
import type { PlaygroundSearch } from "./route";
import classes from "./search.module.css";

interface Props {
  search: PlaygroundSearch;
  onSubmit: (search: PlaygroundSearch) => void;
}

export function SearchForm({ search, onSubmit }: Props) {
  const [draft, setDraft] = useState(search);
  const change = (part: PlaygroundSearch) => setDraft((old) => ({ ...old, ...part }));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit(draft);
  };
  return (
    <form className={classes["form"]} role="search" onSubmit={submit} noValidate>
      <TextInput
        className={classes["query"] ?? ""}
        size="md"
        aria-label="Query"
        placeholder="What to search for"
        leftSection={<IconSearch size={18} aria-hidden />}
        data-search-field
        // eslint-disable-next-line jsx-a11y/no-autofocus -- whoever opens this tab is about to type
        autoFocus
        value={draft.q ?? ""}
        onChange={(event) => change({ q: event.currentTarget.value })}
      />
      <Button type="submit" size="md">
        Search
      </Button>
      <div className={classes["options"]}>
        <SegmentedControl
          aria-label="Type"
          value={draft.type ?? "hybrid"}
          data={searchTypes.map((type) => ({ value: type, label: humanize(type) }))}
          onChange={(next) => change({ type: searchTypes.find((type) => type === next) })}
        />
        <TextInput
          aria-label="Document types"
          placeholder="Document types, e.g. note"
          value={draft.doc_type ?? ""}
          onChange={(event) => change({ doc_type: event.currentTarget.value })}
        />
        <TextInput
          aria-label="Tags"
          placeholder="Tags"
          value={draft.tags ?? ""}
          onChange={(event) => change({ tags: event.currentTarget.value })}
        />
        <NumberInput
          w={92}
          aria-label="Results"
          placeholder="10"
          min={1}
          max={100}
          allowDecimal={false}
          value={draft.limit ?? ""}
          onChange={(limit) => change({ limit: limit === "" ? undefined : Number(limit) })}
        />
        <Switch
          label="Explain"
          checked={draft.explain === true}
          onChange={(event) => change({ explain: event.currentTarget.checked || undefined })}
        />
        <Switch
          label="Past the cache"
          checked={draft.fresh === true}
          onChange={(event) => change({ fresh: event.currentTarget.checked || undefined })}
        />
      </div>
    </form>
  );
}
