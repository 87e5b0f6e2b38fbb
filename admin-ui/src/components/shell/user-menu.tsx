import { ActionIcon, Menu, Text, Tooltip } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconLogin2, IconLogout, IconUser } from "@tabler/icons-react";
import { sessionQuery, signOut } from "../../api/queries";
import type { Session } from "../../api/types";
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
  const development = session.development === true;
  return (
    <Menu position="bottom-end" width={250}>
      <Menu.Target>
        <Tooltip label="Session">
          <ActionIcon variant="subtle" color="gray" size={32} aria-label="Session">
            <IconUser size={18} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Text component="div" size="sm" px="sm" py="xs">
          <strong>{session.name}</strong>
          <Text size="xs" c="dimmed" ff="monospace">
            {session.key_prefix}…
          </Text>
          <Text component="div" size="xs" c="dimmed" mt={6}>
            {development ? (
              "Development mode: pages opened on the server's own machine need no sign-in."
            ) : (
              <>
                Scopes: {(session.scopes ?? []).join(", ")}
                <br />
                The session ends <RelativeTime at={session.expires_at} />.
              </>
            )}
          </Text>
        </Text>
        <Menu.Divider />
        <Menu.Item
          leftSection={
            development ? <IconLogin2 size={16} aria-hidden /> : <IconLogout size={16} aria-hidden />
          }
          closeMenuOnClick={false}
          onClick={() => leave.mutate()}
        >
          {development ? "Sign in with a key" : "Sign out"}
        </Menu.Item>
        {leave.isError && (
          <Text size="xs" c="var(--mantine-color-error)" px="sm" py={6} role="alert">
            You are still signed in. {leave.error.message}
          </Text>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
