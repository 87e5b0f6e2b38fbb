import { Button, Group, Progress } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { cancelTraining, embeddingsQuery, rollBackEmbeddings, trainEmbeddings } from "../../api/settings";
import type { Embeddings } from "../../api/types";
import { ExternalLink } from "../../components/external-link";
import { Fact, Facts } from "../../components/facts";
import { FormError } from "../../components/form/form-error";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { formatBytes, formatCount, formatShare, humanize } from "../../lib/format";
import { webLink } from "../../lib/url";
import { useRefetchInterval } from "../../refresh/refresh";

const tones: Record<Embeddings["state"], Tone> = {
  not_configured: "idle",
  cold: "idle",
  training: "active",
  embedding: "active",
  changing: "active",
  active: "good",
  waiting_for_provider: "warning",
  failed: "bad",
};

/** The model behind semantic search, and the way to its next one. */
export function EmbeddingsPanel() {
  const query = useQuery({ ...embeddingsQuery, refetchInterval: useRefetchInterval() });
  return (
    <Panel
      title="Embeddings"
      aside={
        query.data !== undefined && (
          <Status tone={tones[query.data.state]} label={humanize(query.data.state)} />
        )
      }
    >
      <QueryState query={query} what="the embeddings" loading={<TableSkeleton rows={4} />}>
        {(embeddings) => (
          <>
            <EmbeddingFacts embeddings={embeddings} />
            <EmbeddingActions embeddings={embeddings} />
          </>
        )}
      </QueryState>
    </Panel>
  );
}

function EmbeddingFacts({ embeddings }: { embeddings: Embeddings }) {
  const { coverage, model, target, last_failure: failure } = embeddings;
  return (
    <>
      {target !== undefined && (
        <Progress
          value={(target.done / Math.max(target.total, 1)) * 100}
          aria-label={`${humanize(target.stage)}: ${formatCount(target.done)} of ${formatCount(target.total)}`}
        />
      )}
      <Facts>
        <Fact name="Passages with vectors">
          {formatCount(coverage.with_vectors)} of {formatCount(coverage.chunks)} (
          {formatShare(coverage.with_vectors, coverage.chunks)})
        </Fact>
        {model !== undefined && (
          <>
            <Fact name="Model">
              {model.name}, {model.dimensions} dimensions, {formatBytes(model.bytes)}
            </Fact>
            <Fact name="In use since">
              <RelativeTime at={model.activated_at} />
            </Fact>
          </>
        )}
        {target !== undefined && <Fact name="Next model">{humanize(target.stage)}</Fact>}
        {embeddings.reason !== "" && <Fact name="Why">{embeddings.reason}</Fact>}
        {failure !== undefined && (
          <Fact name="Last failure">
            {failure.reason} <RelativeTime at={failure.at} />
          </Fact>
        )}
      </Facts>
    </>
  );
}

function EmbeddingActions({ embeddings }: { embeddings: Embeddings }) {
  const queryClient = useQueryClient();
  const act = useMutation({
    mutationFn: (action: () => Promise<Embeddings>) => action(),
    onSuccess: (next) => queryClient.setQueryData(embeddingsQuery.queryKey, next),
  });
  const busy = embeddings.target !== undefined;
  const temporal = webLink(embeddings.workflow_url);
  if (embeddings.state === "not_configured") return null;
  return (
    <>
      <Group gap="xs">
        {busy ? (
          <Button
            variant="default"
            size="xs"
            loading={act.isPending}
            onClick={() => act.mutate(cancelTraining)}
          >
            Cancel the next model
          </Button>
        ) : (
          <Button
            variant="default"
            size="xs"
            loading={act.isPending}
            onClick={() => act.mutate(trainEmbeddings)}
          >
            Train a new model
          </Button>
        )}
        {embeddings.previous !== undefined && !busy && (
          <Button
            variant="default"
            size="xs"
            loading={act.isPending}
            onClick={() => act.mutate(rollBackEmbeddings)}
          >
            Back to the model before
          </Button>
        )}
        {temporal !== undefined && <ExternalLink href={temporal}>Temporal UI</ExternalLink>}
      </Group>
      <FormError error={act.error} />
    </>
  );
}
