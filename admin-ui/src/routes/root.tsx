import { Button, Center } from "@mantine/core";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  Link,
  useRouter,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { IconCompassOff } from "@tabler/icons-react";
import { Failure } from "../components/failure";
import { Message } from "../components/message";

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  errorComponent: PageFailed,
  notFoundComponent: PageNotFound,
});

/** The server could not be asked who is signed in, or a page broke. */
function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Center component="main" h="80vh">
      <title>Error · RustAssistant</title>
      <Failure what="this page" error={error} retry={retry} />
    </Center>
  );
}

function PageNotFound() {
  return (
    <Center component="main" h="60vh">
      <title>Not found · RustAssistant</title>
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
    </Center>
  );
}
