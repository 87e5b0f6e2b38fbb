import { Code } from "@mantine/core";
import type { Webhook } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { Fact, Facts } from "../../components/facts";
import { JsonView } from "../../components/json-view";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { formatNoun } from "../../lib/format";
import { list } from "../../lib/list";
import classes from "./webhooks.module.css";

/** How a webhook is set up. */
export function WebhookFacts({ webhook }: { webhook: Webhook }) {
  return (
    <Panel title="Settings">
      <Facts>
        <Fact name="Events">
          <code className={classes["events"]}>{list(webhook.events).join(", ")}</code>
        </Fact>
        <Fact name="Order">{webhook.fifo ? "one after the other" : "as fast as it can"}</Fact>
        <Fact name="Requests at once">{webhook.max_concurrency}</Fact>
        <Fact name="Rate">
          {webhook.rate_limit === null ? "no limit" : `${formatNoun(webhook.rate_limit, "request")} a second`}
        </Fact>
        <Fact name="Headers">{list(webhook.headers).join(", ") || "none of its own"}</Fact>
        {webhook.failing_since !== null && (
          <Fact name="Failing since">
            <RelativeTime at={webhook.failing_since} />
          </Fact>
        )}
        {webhook.previous_secret_expires_at !== null && (
          <Fact name="Old secret ends">
            <RelativeTime at={webhook.previous_secret_expires_at} />
          </Fact>
        )}
        <Fact name="Created">
          <RelativeTime at={webhook.created_at} />
        </Fact>
        <Fact name="Id">
          <Code>{webhook.id}</Code> <CopyButton value={webhook.id} what="webhook id" />
        </Fact>
      </Facts>
      {webhook.filter !== null && <JsonView value={webhook.filter} label="filter" />}
    </Panel>
  );
}
