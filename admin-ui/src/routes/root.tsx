import { Button, Center, Stack, Title } from "@mantine/core";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  Link,
  useRouter,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { IconCompassOff } from "@tabler/icons-react";
import { useEffect, type ReactNode } from "react";
import { asProblem } from "../api/problem";
import { Failure } from "../components/failure";
import { Logo } from "../components/logo";
import { Message } from "../components/message";

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  errorComponent: PageFailed,
  notFoundComponent: PageNotFound,
});

const retryMs = 5000;

/** The server could not be asked who is signed in, or a page broke. */
function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  // While a server starts again, the page comes back by itself.
  const { transient } = asProblem(error);
  useEffect(() => {
    if (!transient) return;
    const timer = window.setTimeout(retry, retryMs);
    return () => window.clearTimeout(timer);
  });
  return (
    <BarePage title="Error">
      <Failure what="this page" error={error} retry={retry} />
    </BarePage>
  );
}

function PageNotFound() {
  return (
    <BarePage title="Not found">
      <Message
        icon={<IconCompassOff size={28} stroke={1.5} />}
        title="There is no such page"
        actions={
          <Button component={Link} to="/" size="xs" variant="default">
            Go to the Overview
          </Button>
        }
      >
        The address may be mistyped, or the page may belong to another version.
      </Message>
    </BarePage>
  );
}

/** A page without the frame, which needs to know who is signed in. */
function BarePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Center component="main" mih="80vh">
      <title>{`${title} · RustAssistant`}</title>
      <Stack align="center" gap="xs">
        <Logo size={40} />
        <Title order={1} size="h4">
          RustAssistant
        </Title>
        {children}
      </Stack>
    </Center>
  );
}
