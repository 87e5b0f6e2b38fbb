import { expect, it } from "vitest";
import { ApiError } from "../../api/problem";
import { fieldErrors, shownFields } from "./field-errors";

const refused = new ApiError({
  status: 422,
  title: "Refused",
  fields: [
    { field: "url", message: "must be https." },
    { field: "events[1]", message: "unknown event." },
    { field: "events[2]", message: "unknown too." },
    { field: "body.filter.kind", message: "too long." },
    { field: "secret", message: "too short." },
  ],
});

it("gives each field its messages, also those about a part of it", () => {
  expect(fieldErrors(refused)).toEqual({
    url: "must be https.",
    events: "unknown event. unknown too.",
    filter: "too long.",
    secret: "too short.",
  });
});

it("tells which messages have no field on the form", () => {
  expect(shownFields(refused, ["url", "events", "filter"])).toEqual([
    "url",
    "events[1]",
    "events[2]",
    "body.filter.kind",
  ]);
});

it("has nothing to say about other failures", () => {
  expect(fieldErrors(new Error("x"))).toEqual({});
  expect(shownFields(null, ["url"])).toEqual([]);
});
