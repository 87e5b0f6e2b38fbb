import { Button, Group, SimpleGrid, Stack, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { changeSettings, settingsQuery } from "../../api/settings";
import type { SearchSettings } from "../../api/types";
import { fieldErrors, shownFields } from "../../components/form/field-errors";
import { FormError } from "../../components/form/form-error";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { useToast } from "../../components/toast";
import { splitList } from "../../lib/params";
import { useUnsaved } from "../../session/re-sign-in";
import { readSynonyms, writeSynonyms } from "./synonyms";
import { Weights } from "./weights";
import { draftOf, weightsOf, type Draft } from "./draft";

const fields = ["synonyms", "stop_words", "default_language", "hybrid", "ranking"];

export function SettingsForm({ settings }: { settings: SearchSettings }) {
  useUnsaved();
  const [draft, setDraft] = useState(() => draftOf(settings, writeSynonyms(settings.synonyms)));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const queryClient = useQueryClient();
  const toast = useToast();
  const save = useMutation({
    mutationFn: () =>
      changeSettings(settings.version, {
        synonyms: readSynonyms(draft.synonyms),
        stop_words: splitList(draft.stopWords),
        default_language: draft.language.trim(),
        ...weightsOf(draft),
      }),
    onSuccess: (saved) => {
      queryClient.setQueryData(settingsQuery.queryKey, saved);
      toast("Saved: searches follow within seconds.");
    },
  });
  const errors = fieldErrors(save.error);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Panel title="Search settings" aside={<Changed settings={settings} />}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Textarea
              label="Synonyms"
              description="One group a line: car, automobile. One way: nyc => new york"
              autosize
              minRows={5}
              maxRows={16}
              value={draft.synonyms}
              error={errors["synonyms"]}
              onChange={(event) => change({ synonyms: event.currentTarget.value })}
            />
            <Textarea
              label="Stop words"
              description="Words that do not count, separated by commas or lines"
              autosize
              minRows={5}
              maxRows={16}
              value={draft.stopWords}
              error={errors["stop_words"]}
              onChange={(event) => change({ stopWords: event.currentTarget.value })}
            />
          </SimpleGrid>
          <Weights draft={draft} errors={errors} change={change} />
          <FormError error={save.error} fields={shownFields(save.error, fields)} />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              Save settings
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function Changed({ settings }: { settings: SearchSettings }) {
  if (settings.updated_at === null) return <span>Never changed</span>;
  return (
    <span>
      Changed <RelativeTime at={settings.updated_at} />
    </span>
  );
}
