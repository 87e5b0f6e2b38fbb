import { expect, it } from "vitest";
import { auditExportUrl } from "../../api/audit";
import { actorName } from "./actor";
import { difference } from "./difference";

it("puts what changed first", () => {
  const changes = difference({ name: "a", rate: 1, old: true }, { name: "a", rate: 2, list: ["x"] });
  expect(changes.map(({ field, changed }) => [field, changed])).toEqual([
    ["rate", true],
    ["old", true],
    ["list", true],
    ["name", false],
  ]);
  expect(changes[1]?.after).toBeUndefined();
});

it("shows what was made, and big integers in full", () => {
  expect(difference(undefined, { id: 9007199254740993n })).toEqual([
    { field: "id", before: undefined, after: "9007199254740993", changed: true },
  ]);
  expect(difference(null, null)).toEqual([]);
});

it("says who did it", () => {
  expect(actorName({ kind: "session", key_name: "Admin" })).toBe("Admin, in the dashboard");
  expect(actorName({ kind: "system" })).toBe("System");
});

it("exports what the filters leave", () => {
  expect(auditExportUrl({})).toBe("/api/admin/audit-log/export");
  expect(auditExportUrl({ action: "api_key.*", from: undefined })).toBe(
    "/api/admin/audit-log/export?action=api_key.*",
  );
});
