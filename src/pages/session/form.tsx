import type { FC } from "hono/jsx";
import type { Problem } from "../../core/problem.ts";
import { Invalid } from "../problem-page.tsx";
import type { Guarded } from "./request.ts";

/** The hidden fields of every form of somebody signed in: `<CsrfField by={guard()} />`. */
export const CsrfField: FC<{ readonly by: Guarded }> = ({ by: { csrf, once } }) => (
  <>
    <input type="hidden" name="csrf" value={csrf} />
    <input type="hidden" name="once" value={once} />
  </>
);

/** Why a form was refused, above it. */
export const Refusal: FC<{ readonly problem: Problem | undefined }> = ({ problem }) =>
  problem === undefined ? null : (
    <div class="notice bad" role="alert">
      <p>
        <strong>{problem.title}.</strong> {problem.detail}
      </p>
      <Invalid members={problem.members} />
      <AskedAs members={problem.members} />
    </div>
  );

/** By which the refusal is found in the log: what was refused had a request of its own. */
const AskedAs: FC<Pick<Problem, "members">> = ({ members: { request_id: id } }) =>
  typeof id === "string" ? (
    <p class="quiet">
      Request <code>{id}</code>
    </p>
  ) : null;

type Destroying = {
  /** What is asked first; the button stands behind it. */
  readonly ask: string;
  readonly button: string;
  readonly action: string;
  readonly by: Guarded;
  readonly fields?: Readonly<Record<string, string>>;
};

/** A form for what cannot be taken back: it is opened, read, and only then sent. Works without scripts. */
export const Destroy: FC<Destroying> = ({ ask, button, action, by, fields = {} }) => (
  <details class="destroy">
    <summary>{button}</summary>
    <form method="post" action={action}>
      <CsrfField by={by} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <p>{ask}</p>
      <button class="danger" type="submit">
        {button}
      </button>
    </form>
  </details>
);
