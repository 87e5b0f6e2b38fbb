import { Box, Button, PasswordInput, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useRef, type SyntheticEvent } from "react";
import { sessionQuery, signIn } from "../../api/queries";
import { ApiError } from "../../api/problem";
import type { Session } from "../../api/types";
import { Logo } from "../../components/logo";
import { Notice } from "../../components/notice";
import { replaceSession } from "../../session/session";
import { signInError } from "./sign-in-error";
import classes from "./sign-in-page.module.css";

interface Props {
  /** The path of this dashboard to show afterwards. */
  target: string;
  expired: boolean;
}

export function SignInPage({ target, expired }: Props) {
  // The key lives in the field alone: not in React's state, a cache or a storage.
  const field = useRef<HTMLInputElement>(null);
  const queryClient = useQueryClient();
  const router = useRouter();
  const attempt = useMutation({
    mutationFn: async (): Promise<Session> => {
      await signIn(readKey(field.current));
      const session = await queryClient.query({ ...sessionQuery, staleTime: 0 });
      if (session !== null) return session;
      throw new ApiError({
        status: 0,
        title:
          "The key is right, but your browser did not keep the session's cookie. Allow cookies for this site, and use HTTPS unless it runs on this machine.",
      });
    },
    onSuccess: (session) => {
      replaceSession(queryClient, session);
      router.history.push(target);
    },
    onError: () => field.current?.select(),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (readKey(field.current) === "") field.current?.focus();
    else attempt.mutate();
  };
  return (
    <main className={classes["page"]}>
      <title>Sign in · RustAssistant</title>
      <form className={classes["card"]} method="post" onSubmit={submit} noValidate>
        <Logo size={40} />
        <Title order={1} size="h3" mt="md">
          Sign in to RustAssistant
        </Title>
        <Text size="sm" c="dimmed" mt={4} mb="lg">
          Use an API key that may administer its tenant.
        </Text>
        {expired && !attempt.isError && (
          <Box mb="md">
            <Notice>Your session has ended. Sign in again to go on where you were.</Notice>
          </Box>
        )}
        <PasswordInput
          ref={field}
          label="API key"
          size="md"
          name="api-key"
          required
          withAsterisk={false}
          data-autofocus
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the page is this field
          autoFocus
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          data-1p-ignore
          data-lpignore="true"
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the key", tabIndex: 0 }}
          error={attempt.isError ? <span role="alert">{signInError(attempt.error)}</span> : undefined}
          onChange={() => {
            if (attempt.isError) attempt.reset();
          }}
        />
        <Button type="submit" size="md" fullWidth mt="md" loading={attempt.isPending}>
          Sign in
        </Button>
        <Text size="xs" c="dimmed" mt="lg">
          <code>rustassistant dev</code> prints its admin key when it first starts;{" "}
          <code>rustassistant key</code> makes others. The key is exchanged for a session cookie and not kept
          in the browser.
        </Text>
      </form>
    </main>
  );
}

/** The key as typed, without the white space that copying brings along. */
function readKey(field: HTMLInputElement | null): string {
  return field?.value.trim() ?? "";
}
