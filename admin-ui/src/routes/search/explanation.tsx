import type { ScoreDetails } from "../../api/types";
import classes from "./search.module.css";

/** Where a score comes from: the rank and share of each branch, and the words that count. */
export function Explanation({ details }: { details: ScoreDetails }) {
  const { keyword, vector, fusion } = details;
  return (
    <div className={classes["explain"]}>
      {keyword !== undefined && <Branch name="Keyword" branch={keyword} />}
      {vector !== undefined && <Branch name="Vector" branch={vector} />}
      {fusion !== undefined && fusion.method !== "none" && (
        <div className={classes["fusion"]}>
          joined by {fusion.method}: {fusion.score.toFixed(4)}
        </div>
      )}
      {keyword !== undefined && <Terms passages={keyword.passages} />}
    </div>
  );
}

type Branch = NonNullable<ScoreDetails["vector"]>;

function Branch({ name, branch }: { name: string; branch: Branch }) {
  const share = branch.contribution ?? branch.normalized ?? 0;
  return (
    <div className={classes["branch"]}>
      <span className={classes["branchName"]}>{name}</span>
      {branch.rank !== undefined && <span>rank {branch.rank}</span>}
      <span>score {branch.score.toFixed(3)}</span>
      {branch.weight !== undefined && <span>weight {branch.weight}</span>}
      <span className={classes["bar"]} aria-hidden>
        <span style={{ width: `${Math.min(Math.max(share, 0), 1) * 100}%` }} />
      </span>
      <span>{branch.contribution === undefined ? "" : `+ ${branch.contribution.toFixed(3)}`}</span>
    </div>
  );
}

function Terms({ passages }: { passages: NonNullable<ScoreDetails["keyword"]>["passages"] }) {
  const terms = passages.flatMap(({ terms: each }) => each);
  if (terms.length === 0) return null;
  return (
    <details className={classes["details"]}>
      <summary>Words that count</summary>
      <table className={classes["terms"]}>
        <thead>
          <tr>
            <th scope="col">Word</th>
            <th scope="col">In</th>
            <th scope="col">Times</th>
            <th scope="col">In passages</th>
            <th scope="col">Adds</th>
          </tr>
        </thead>
        <tbody>
          {terms.map((term, position) => (
            <tr key={position}>
              <td>
                {term.term}
                {term.variant !== undefined && ` (${term.variant})`}
              </td>
              <td>{term.field}</td>
              <td>{term.tf}</td>
              <td>
                {term.df} of {term.docs}
              </td>
              <td>{term.contribution.toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
