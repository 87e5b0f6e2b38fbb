import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, type SyntheticEvent } from "react";
import { ApiError } from "../api/problem";
import { sessionQuery, signIn } from "../api/queries";
import type { Session } from "../api/types";
import { Dialog } from "../components/dialog/dialog";
import { signInError } from "../routes/sign-in/sign-in-error";
import { useReSignIn } from "./re-sign-in";
import { replaceSession } from "./session";

/** Asks for a key above a form, when the session ended under it. */
export function ReSignInDialog({ session }: { session: Session }) {
  const { asked, answered } = useReSignIn();
  const field = useRef<HTMLInputElement>(null);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const attempt = useMutation({
    mutationFn: async (): Promise<Session> => {
      await signIn(field.current?.value.trim() ?? "");
      const next = await queryClient.query({ ...sessionQuery, staleTime: 0 });
      if (next === null) throw new ApiError({ status: 0, title: "Your browser did not keep the session." });
      return next;
    },
    onSuccess: async (next) => {
      if (next.tenant.slug === session.tenant.slug) {
        queryClient.setQueryData(sessionQuery.queryKey, next);
        answered();
        await queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
        return;
      }
      // The form speaks of another tenant's things: it must not be sent to this one.
      replaceSession(queryClient, next);
      answered();
      await navigate({ to: "/" });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  return (
    <Dialog opened={asked} onClose={answered} title="Your session has ended">
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm">Sign in again to go on. What you have typed is still there.</Text>
          <PasswordInput
            ref={field}
            label="API key"
            data-autofocus
            autoComplete="off"
            spellCheck={false}
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the key", tabIndex: 0 }}
            error={attempt.isError ? <span role="alert">{signInError(attempt.error)}</span> : undefined}
          />
          <Button type="submit" loading={attempt.isPending}>
            Sign in and go on
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
