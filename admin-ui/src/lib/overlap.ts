/** How long an old secret goes on beside its successor, in hours. */
export const overlapChoices = [
  { value: "0", label: "Not at all: it ends at once" },
  { value: "1", label: "1 hour" },
  { value: "24", label: "1 day" },
  { value: "168", label: "7 days" },
];
