import { Code, Stack } from "@mantine/core";
import type { AuditEntry } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { DetailDrawer } from "../../components/dialog/detail-drawer";
import { Fact, Facts } from "../../components/facts";
import { RelativeTime } from "../../components/relative-time";
import { actorName } from "./actor";
import { difference } from "./difference";
import classes from "./audit.module.css";

/** One change in full, with the facts before and after it. */
export function EntryDrawer({ entry, onClose }: { entry: AuditEntry | undefined; onClose: () => void }) {
  return (
    <DetailDrawer opened={entry !== undefined} onClose={onClose} title={entry?.action}>
      {entry !== undefined && (
        <Stack gap="md">
          <Facts>
            <Fact name="When">
              <RelativeTime at={entry.at} />
            </Fact>
            <Fact name="By">{actorName(entry.actor)}</Fact>
            {entry.actor.address !== undefined && <Fact name="From">{entry.actor.address}</Fact>}
            <Fact name="Of">{entry.target_type}</Fact>
            <Id name="Its id" id={entry.target_id} />
            <Id name="Key" id={entry.actor.key_id} />
            <Id name="Request" id={entry.request_id} />
          </Facts>
          <Difference entry={entry} />
        </Stack>
      )}
    </DetailDrawer>
  );
}

function Id({ name, id }: { name: string; id: string | undefined }) {
  if (id === undefined || id === "") return null;
  return (
    <Fact name={name}>
      <Code>{id}</Code> <CopyButton value={id} what={name.toLowerCase()} />
    </Fact>
  );
}

function Difference({ entry }: { entry: AuditEntry }) {
  const changes = difference(entry.before, entry.after);
  if (changes.length === 0) return null;
  return (
    <table className={classes["diff"]} aria-label="Before and after">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after, changed }) => (
          <tr key={field} data-changed={changed || undefined}>
            <td>{field}</td>
            <td>{before !== undefined && <span className={changed ? classes["old"] : ""}>{before}</span>}</td>
            <td>{after !== undefined && <span className={changed ? classes["new"] : ""}>{after}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
