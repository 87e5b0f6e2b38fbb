import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "../../api/settings";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { EmbeddingsPanel } from "./embeddings-panel";
import { SettingsForm } from "./settings-form";

export function SettingsPage() {
  // Not refreshed by itself: what somebody edits must not change under the hand.
  const query = useQuery(settingsQuery);
  return (
    <Page
      title="Relevance"
      about="What this tenant's searches know of its words, and how they weigh what they find."
    >
      <QueryState
        query={query}
        what="the search settings"
        loading={
          <Panel title="Search settings">
            <TableSkeleton />
          </Panel>
        }
        frame={(failure) => <Panel title="Search settings">{failure}</Panel>}
      >
        {(settings) => <SettingsForm key={settings.version} settings={settings} />}
      </QueryState>
      <EmbeddingsPanel />
    </Page>
  );
}
