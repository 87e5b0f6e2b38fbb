import type { AnchorProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "../../api/queries";
import { webLink } from "../../lib/url";
import { ExternalLink } from "../external-link";

/** The way to the Temporal UI, where the server knows of one. */
export function TemporalLink(props: AnchorProps) {
  // The Overview and the navigation refresh the same query; here it is only read.
  const { data } = useQuery(healthQuery);
  const href = webLink(data?.links.temporal_ui);
  if (href === undefined) return null;
  return (
    <ExternalLink href={href} c="var(--mantine-color-text)" {...props}>
      Temporal UI
    </ExternalLink>
  );
}
