import { ExternalLink } from "../../components/external-link";
import { CodeBlock } from "../../components/code-block";
import { Panel } from "../../components/panel";
import classes from "./first-steps.module.css";

/** What to do with an installation that has no documents yet. */
export function FirstSteps({ development }: { development: boolean }) {
  const origin = window.location.origin;
  const key = development ? "" : ` \\\n  -H "X-API-Key: $RUSTASSISTANT_API_KEY"`;
  const json = `${key} \\\n  -H "Content-Type: application/json" \\\n  -d`;
  return (
    <Panel
      title="First steps"
      aside={
        <ExternalLink href="/api/docs" size="sm">
          API reference
        </ExternalLink>
      }
    >
      <p className={classes["intro"]}>
        There are no documents yet. Add one and search for it; this page follows by itself.
      </p>
      <ol className={classes["steps"]}>
        <li>
          <h3>Add a document</h3>
          <CodeBlock
            label="command"
            code={`curl -X POST ${origin}/api/documents${json} '{"title": "Hello", "content": "Durable workflows index this text.", "doc_type": "note"}'`}
          />
        </li>
        <li>
          <h3>Search for it</h3>
          <CodeBlock
            label="command"
            code={`curl -X POST ${origin}/api/search${json} '{"query": "durable workflows"}'`}
          />
        </li>
        <li>
          <h3>Or import a whole folder</h3>
          <CodeBlock label="command" code="rustassistant import ./docs" />
        </li>
      </ol>
    </Panel>
  );
}
