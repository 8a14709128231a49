import type { Child, FC } from "hono/jsx";
import * as v from "valibot";
import type { Problem } from "../core/problem.ts";
import { Page } from "./layout.tsx";
import { rendered } from "./render.ts";
import type { Rendered } from "./request.ts";

/** An error as a page for people: what is wrong, when it makes sense to come again, and the id by which it is found in the log. */
export function problemPage(problem: Problem, requestId: string, aside?: Child): Rendered {
  const { status, title, detail, retryAfterSeconds, members } = problem;
  return rendered(
    <Page title={title} aside={aside}>
      <section class="problem">
        <p class="figure" aria-hidden="true">
          {status}
        </p>
        <h1>{title}</h1>
        <p class="lead">{detail}</p>
        <Invalid members={members} />
        {retryAfterSeconds === undefined ? null : <p>Try again in {spoken(retryAfterSeconds)}.</p>}
        <p class="quiet">
          Request <code>{requestId}</code>
        </p>
      </section>
    </Page>,
  );
}

/** Which fields were wrong, as every refusal of them says it. */
export const Invalid: FC<{ readonly members: Problem["members"] }> = ({ members }) => {
  const { invalid_parameters: invalid } = members;
  if (!v.is(InvalidParameters, invalid)) return null;
  return (
    <ul>
      {invalid.map(({ name, reason }) => (
        <li>
          <code>{name}</code> {reason}
        </li>
      ))}
    </ul>
  );
};

const InvalidParameters = v.array(v.object({ name: v.string(), reason: v.string() }));

function spoken(seconds: number): string {
  if (seconds < 120) return seconds === 1 ? "a second" : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
