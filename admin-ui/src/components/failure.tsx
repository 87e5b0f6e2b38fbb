import { Button, Code, Group } from "@mantine/core";
import { IconCloudOff, IconLock, IconRefresh } from "@tabler/icons-react";
import { asProblem } from "../api/problem";
import { CopyButton } from "./copy-button";
import { Message } from "./message";

interface Props {
  /** What could not be loaded: "the system's health". */
  what: string;
  error: unknown;
  retry: () => void;
  retrying?: boolean;
}

/** Why something could not be loaded, what to quote when asking for help, and another try. */
export function Failure({ what, error, retry, retrying = false }: Props) {
  const problem = asProblem(error);
  if (problem.forbidden) {
    return (
      <Message icon={<IconLock size={28} stroke={1.5} />} title={`Your key may not see ${what}`}>
        {problem.message}
        <RequestId id={problem.requestId} />
      </Message>
    );
  }
  return (
    <div role="alert">
      <Message
        icon={<IconCloudOff size={28} stroke={1.5} />}
        title={`Could not load ${what}`}
        actions={<RetryButton retry={retry} retrying={retrying} />}
      >
        {problem.message}
        <RequestId id={problem.requestId} />
      </Message>
    </div>
  );
}

export function RetryButton({ retry, retrying }: { retry: () => void; retrying: boolean }) {
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconRefresh size={14} aria-hidden />}
      loading={retrying}
      onClick={retry}
    >
      Retry
    </Button>
  );
}

/** The id under which the server's logs and traces know the failed request. */
export function RequestId({ id }: { id: string }) {
  if (id === "") return null;
  return (
    <Group gap={4} justify="center" mt={6} wrap="nowrap">
      <span>Request</span>
      <Code>{id}</Code>
      <CopyButton value={id} what="request id" />
    </Group>
  );
}
