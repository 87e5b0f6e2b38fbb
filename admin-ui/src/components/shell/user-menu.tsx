import { ActionIcon, Button, Popover, Stack, Text, Tooltip } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconLogin2, IconLogout, IconUser } from "@tabler/icons-react";
import { sessionQuery, signOut } from "../../api/queries";
import type { Session } from "../../api/types";
import { list } from "../../lib/list";
import { replaceSession } from "../../session/session";
import { RelativeTime } from "../relative-time";

/** Who is signed in, and the way out. */
export function UserMenu({ session }: { session: Session }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      // First of all, or the sign-in page would send whoever is still signed in back here.
      queryClient.setQueryData(sessionQuery.queryKey, null);
      await navigate({ to: "/sign-in" });
      replaceSession(queryClient, null);
    },
  });
  const development = session.development;
  return (
    <Popover position="bottom-end" width={260} trapFocus shadow="md">
      <Popover.Target>
        <Tooltip label="Session">
          <ActionIcon variant="subtle" color="gray" size={32} aria-label="Session">
            <IconUser size={18} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label="Session" p="md">
        <Stack gap="sm">
          <SessionFacts session={session} development={development} />
          <Button
            size="xs"
            variant="default"
            loading={leave.isPending}
            leftSection={
              development ? <IconLogin2 size={14} aria-hidden /> : <IconLogout size={14} aria-hidden />
            }
            onClick={() => leave.mutate()}
          >
            {development ? "Sign in with a key" : "Sign out"}
          </Button>
          {leave.isError && (
            <Text size="xs" c="var(--mantine-color-error)" role="alert">
              You are still signed in. {leave.error.message}
            </Text>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function SessionFacts({ session, development }: { session: Session; development: boolean }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {session.name}
      </Text>
      {session.key_prefix !== "" && (
        <Text size="xs" c="dimmed" ff="monospace">
          {session.key_prefix}…
        </Text>
      )}
      <Text component="div" size="xs" c="dimmed" mt={6}>
        {development ? (
          "Development mode: pages opened on the server's own machine need no sign-in."
        ) : (
          <>
            Scopes: {list(session.scopes).join(", ")}
            <br />
            The session ends <RelativeTime at={session.expires_at} />.
          </>
        )}
      </Text>
    </div>
  );
}
