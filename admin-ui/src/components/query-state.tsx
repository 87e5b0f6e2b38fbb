import { Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useContext, type ReactNode } from "react";
import { asProblem, type ApiError } from "../api/problem";
import { ReSignInContext } from "../session/re-sign-in";
import { Failure, RetryButton } from "./failure";
import { Notice } from "./notice";
import { RelativeTime } from "./relative-time";

interface Props<T> {
  query: Pick<UseQueryResult<T>, "data" | "error" | "isFetching" | "dataUpdatedAt"> & {
    refetch: () => unknown;
  };
  /** What is loaded, for error texts: "the system's health". */
  what: string;
  loading: ReactNode;
  /** Puts a panel around a failure, where the data brings panels of its own. */
  frame?: (failure: ReactNode) => ReactNode;
  children: (data: T) => ReactNode;
}

/**
 * Shows a query in each of its states. Data that could not be refreshed stays in
 * sight, marked as old; data that may no longer be seen does not.
 */
export function QueryState<T>({ query, what, loading, frame = (failure) => failure, children }: Props<T>) {
  const problem = query.error === null ? null : asProblem(query.error);
  const retry = () => void query.refetch();
  const reSignIn = useContext(ReSignInContext);
  if (problem?.unauthenticated === true) {
    // Whoever is signed out is on the way to the sign-in page, or fills in a form that must stay.
    return reSignIn.held && query.data !== undefined ? children(query.data) : loading;
  }
  if (problem !== null && (query.data === undefined || problem.forbidden)) {
    return frame(<Failure what={what} error={problem} retry={retry} retrying={query.isFetching} />);
  }
  if (query.data === undefined) return loading;
  return (
    <Stack gap="md">
      {problem !== null && (
        <StaleNotice
          problem={problem}
          since={new Date(query.dataUpdatedAt).toISOString()}
          retry={retry}
          retrying={query.isFetching}
        />
      )}
      {children(query.data)}
    </Stack>
  );
}

interface StaleNoticeProps {
  problem: ApiError;
  since: string;
  retry: () => void;
  retrying: boolean;
}

function StaleNotice({ problem, since, retry, retrying }: StaleNoticeProps) {
  return (
    <Notice action={<RetryButton retry={retry} retrying={retrying} />}>
      Last refreshed <RelativeTime at={since} />. {problem.message}
      {problem.requestId !== "" && ` Request ${problem.requestId}.`}
    </Notice>
  );
}
