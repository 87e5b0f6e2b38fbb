import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconSearch, IconZoomQuestion } from "@tabler/icons-react";
import { useState } from "react";
import { searchQuery } from "../../api/search";
import type { SearchRequest } from "../../api/types";
import { CodeBlock } from "../../components/code-block";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { formatNoun } from "../../lib/format";
import { AnswerFacts } from "./answer-facts";
import { ResultList } from "./result-list";
import type { PlaygroundSearch } from "./route";
import { SearchForm } from "./search-form";
import { curlCommand, searchRequest } from "./search-request";

export function SearchPage() {
  const search = useSearch({ from: "/dashboard/search" });
  const navigate = useNavigate({ from: "/search" });
  // The same search can be run again, to see the cache at work.
  const [run, setRun] = useState(0);
  const request = searchRequest(search);
  const submit = (next: PlaygroundSearch) => {
    setRun((count) => count + 1);
    void navigate({ search: next });
  };
  return (
    <Page title="Search" about="Ask the index as a program would, and see why it answers as it does.">
      <Panel title="Query">
        <SearchForm key={JSON.stringify(search)} search={search} onSubmit={submit} />
      </Panel>
      {request === null ? (
        <Panel title="Results">
          <Message icon={<IconSearch size={28} stroke={1.5} />} title="Nothing is searched for yet" />
        </Panel>
      ) : (
        <Results request={request} fresh={search.fresh === true} run={run} />
      )}
    </Page>
  );
}

function Results({ request, fresh, run }: { request: SearchRequest; fresh: boolean; run: number }) {
  const query = useQuery({ ...searchQuery(request, fresh, run), placeholderData: keepPreviousData });
  return (
    <>
      <QueryState
        query={query}
        what="the results"
        loading={
          <Panel title="Results">
            <TableSkeleton />
          </Panel>
        }
        frame={(failure) => <Panel title="Results">{failure}</Panel>}
      >
        {({ answer, cache, timing }) => (
          <>
            <AnswerFacts answer={answer} cache={cache} timing={timing} />
            <Panel
              title={`${answer.total_relation === "gte" ? "At least " : ""}${formatNoun(answer.total_results, "result")}`}
              flush
            >
              {answer.results.length === 0 ? (
                <Message
                  icon={<IconZoomQuestion size={28} stroke={1.5} />}
                  title="No document fits this query"
                >
                  Try fewer words, another type, or no filters.
                </Message>
              ) : (
                <ResultList answer={answer} />
              )}
            </Panel>
          </>
        )}
      </QueryState>
      <Panel title="The same from a terminal">
        <CodeBlock code={curlCommand(request, window.location.origin)} label="command" />
      </Panel>
    </>
  );
}
