import { Code, Group, Stack } from "@mantine/core";
import type { APIKey } from "../../api/types";
import { ButtonLink } from "../../components/button-link";
import { CopyButton } from "../../components/copy-button";
import { DetailDrawer } from "../../components/dialog/detail-drawer";
import { Fact, Facts } from "../../components/facts";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { formatCount, formatNoun, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import { Scopes } from "./key-columns";
import { keyTone } from "./key-state";

interface Props {
  apiKey: APIKey;
  opened: boolean;
  onClose: () => void;
}

/** One key with its rules, its use and what can be done with it. */
export function KeyDrawer({ apiKey: key, opened, onClose }: Props) {
  return (
    <DetailDrawer opened={opened} onClose={onClose} title={key.name}>
      <Stack gap="md">
        {key.description !== "" && <div>{key.description}</div>}
        <Facts>
          <Fact name="State">
            <Status tone={keyTone(key)} label={humanize(key.state)} />
          </Fact>
          <Fact name="Key">
            <Code>
              {key.prefix}…{key.last_four}
            </Code>
          </Fact>
          <Fact name="Scopes">
            <Scopes scopes={list(key.scopes)} />
          </Fact>
          <Fact name="Networks">{list(key.allowed_networks).join(", ") || "everywhere"}</Fact>
          <Fact name="Rate">
            {key.rate_limit > 0 ? `${formatNoun(key.rate_limit, "request")} a minute` : "no limit of its own"}
          </Fact>
          <Fact name="Expires">
            {key.expires_at === null ? "never" : <RelativeTime at={key.expires_at} />}
          </Fact>
          <Fact name="Requests">{formatCount(key.request_count)}</Fact>
          <Fact name="Last used">
            {key.last_used_at === null ? "never" : <RelativeTime at={key.last_used_at} />}
          </Fact>
          <Fact name="Created">
            <RelativeTime at={key.created_at} />
          </Fact>
          {key.revoked_at !== null && (
            <Fact name="Revoked">
              <RelativeTime at={key.revoked_at} />
            </Fact>
          )}
          <Fact name="Id">
            <Code>{key.id}</Code> <CopyButton value={key.id} what="key id" />
          </Fact>
        </Facts>
        {key.state !== "revoked" && (
          <Group gap="xs">
            <ButtonLink variant="default" to="/keys" search={{ key: key.id, dialog: "edit" }}>
              Edit
            </ButtonLink>
            <ButtonLink variant="default" to="/keys" search={{ key: key.id, dialog: "rotate" }}>
              Rotate
            </ButtonLink>
            <ButtonLink
              variant="default"
              c="var(--mantine-color-error)"
              to="/keys"
              search={{ key: key.id, dialog: "revoke" }}
            >
              Revoke
            </ButtonLink>
          </Group>
        )}
      </Stack>
    </DetailDrawer>
  );
}
