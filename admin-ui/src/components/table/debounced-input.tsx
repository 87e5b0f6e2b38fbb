import { TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  value: string;
  /** Called when typing pauses, and at once by Enter. */
  onChange: (value: string) => void;
}

/** A text filter that does not ask the server at every key. */
export function DebouncedInput({ value, onChange, ...input }: Props) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    // The address changed: by Back, by a link, or by what was typed here.
    setKnown(value);
    setTyped(value);
  }
  const later = useDebouncedCallback(onChange, 350);
  return (
    <TextInput
      {...input}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") later.flush();
      }}
    />
  );
}
