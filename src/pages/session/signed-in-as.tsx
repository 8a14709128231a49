import type { FC } from "hono/jsx";
import type { Problem } from "../../core/problem.ts";
import type { Session } from "../../core/session.ts";
import { problemPage } from "../problem-page.tsx";
import type { Rendered } from "../request.ts";
import { CsrfField } from "./form.tsx";
import type { Guarded } from "./request.ts";

type Props = { readonly who: Pick<Session, "who" | "kind">; readonly by: Guarded };

/** Who is signed in, where else they may look, and how to leave. */
export const SignedInAs: FC<Props> = ({ who, by }) => (
  <>
    {who.kind === "key" ? null : (
      <a href={who.kind === "operator" ? "/dashboard/operator" : "/dashboard/tenant"}>
        {who.kind === "operator" ? "Operator's view" : "Another tenant"}
      </a>
    )}
    <span>{who.who}</span>
    <form method="post" action="/dashboard/sign-out">
      <CsrfField by={by} />
      <button class="plain" type="submit">
        Sign out
      </button>
    </form>
  </>
);

/** An error as a page of somebody signed in, who can still leave it: for another tenant, if theirs is gone, or for good. */
export function problemPageOf(who: Session, guard: () => Guarded) {
  return (problem: Problem, requestId: string): Rendered =>
    problemPage(problem, requestId, <SignedInAs who={who} by={guard()} />);
}
