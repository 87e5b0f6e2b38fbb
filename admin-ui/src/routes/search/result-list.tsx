import { Anchor, Badge } from "@mantine/core";
import type { SearchAnswer, SearchResult } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { JsonView } from "../../components/json-view";
import { list } from "../../lib/list";
import { webLink } from "../../lib/url";
import { Explanation } from "./explanation";
import { pieces } from "./highlight";
import classes from "./search.module.css";

export function ResultList({ answer }: { answer: SearchAnswer }) {
  return (
    <ol className={classes["results"]} aria-label="Results">
      {answer.results.map((result, position) => (
        <Result key={result.chunk_id} result={result} rank={position + 1} />
      ))}
    </ol>
  );
}

function Result({ result, rank }: { result: SearchResult; rank: number }) {
  const { external_id: externalId } = result;
  const source = webLink(result.source_url);
  const title = result.title === undefined || result.title === "" ? "Untitled" : result.title;
  return (
    <li className={classes["result"]}>
      <div className={classes["head"]}>
        <span className={classes["rank"]}>{rank}</span>
        <h3 className={classes["title"]}>
          {source === undefined ? (
            title
          ) : (
            <Anchor href={source} target="_blank" rel="noreferrer" inherit>
              {title}
            </Anchor>
          )}
        </h3>
        <span className={classes["score"]} title="Score">
          {result.score.toFixed(4)}
        </span>
      </div>
      {result.heading !== undefined && result.heading !== "" && (
        <div className={classes["meta"]}>{result.heading}</div>
      )}
      <Snippets result={result} />
      <div className={classes["meta"]}>
        <code>{externalId === undefined || externalId === "" ? result.document_id : externalId}</code>
        <CopyButton value={result.document_id} what="document id" />
        {result.doc_type !== undefined && result.doc_type !== "" && (
          <Badge variant="default" size="sm" tt="none" fw={500}>
            {result.doc_type}
          </Badge>
        )}
        {list(result.tags).map((tag) => (
          <Badge key={tag} variant="default" size="sm" tt="none" fw={500}>
            {tag}
          </Badge>
        ))}
      </div>
      {result.metadata !== undefined && Object.keys(result.metadata).length > 0 && (
        <details className={classes["details"]}>
          <summary>Metadata</summary>
          <JsonView value={result.metadata} label="metadata" />
        </details>
      )}
      {result.score_details !== undefined && <Explanation details={result.score_details} />}
    </li>
  );
}

/** What matches, as text: documents may hold anything, and none of it becomes markup. */
function Snippets({ result }: { result: SearchResult }) {
  const highlights = list(result.highlights);
  if (highlights.length === 0) {
    return <p className={classes["snippet"]}>{result.content?.slice(0, 400)}</p>;
  }
  return highlights.map((highlight) => (
    <p key={highlight.start} className={classes["snippet"]}>
      {pieces(highlight.text, list(highlight.matches)).map(({ text, match }, position) =>
        match ? <mark key={position}>{text}</mark> : <span key={position}>{text}</span>,
      )}
    </p>
  ));
}
