import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { Draft } from "./draft";

interface Props {
  draft: Draft;
  errors: Readonly<Record<string, string | undefined>>;
  change: (part: Partial<Draft>) => void;
}

/** How the branches are joined, and how words are counted. */
export function Weights({ draft, errors, change }: Props) {
  const number = (label: string, name: keyof Draft, max: number, placeholder: string) => (
    <NumberInput
      label={label}
      placeholder={placeholder}
      min={0}
      max={max}
      step={0.05}
      value={draft[name]}
      onChange={(value) => change({ [name]: value })}
    />
  );
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      <Select
        label="Hybrid, joined by"
        allowDeselect={false}
        data={[
          { value: "", label: "As fits the model" },
          { value: "minmax", label: "minmax" },
          { value: "rrf", label: "rrf" },
        ]}
        value={draft.fusion}
        error={errors["hybrid"]}
        onChange={(fusion) => change({ fusion: fusion ?? "" })}
      />
      {number("Keyword weight", "keywordWeight", 1, "default")}
      {number("Vector weight", "vectorWeight", 1, "default")}
      <TextInput
        label="Default language"
        placeholder="every language"
        value={draft.language}
        error={errors["default_language"]}
        onChange={(event) => change({ language: event.currentTarget.value })}
      />
      {number("BM25 k1", "k1", 10, "1.2")}
      {number("BM25 b", "b", 1, "0.75")}
      {number("Title boost", "titleBoost", 10, "0.3")}
    </SimpleGrid>
  );
}
