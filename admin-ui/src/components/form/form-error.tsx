import { asProblem } from "../../api/problem";
import { RequestId } from "../failure";
import classes from "./form-error.module.css";

interface Props {
  error: unknown;
  /** Fields that show their own messages. */
  fields?: readonly string[];
}

/** Why a form was refused, so far as none of its fields says it. */
export function FormError({ error, fields = [] }: Props) {
  if (error == null) return null;
  const problem = asProblem(error);
  const others = problem.fields.filter(({ field }) => !fields.includes(field));
  const told = problem.fields.length > 0 && others.length === 0;
  return (
    <div className={classes["root"]} role="alert">
      {told ? "Nothing was saved: see the marked fields." : problem.message}
      {others.length > 0 && (
        <ul className={classes["list"]}>
          {others.map(({ field, message }) => (
            <li key={field + message}>
              <code>{field}</code>: {message}
            </li>
          ))}
        </ul>
      )}
      {!told && problem.status >= 500 && <RequestId id={problem.requestId} />}
    </div>
  );
}
