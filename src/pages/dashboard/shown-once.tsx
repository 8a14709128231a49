import type { FC } from "hono/jsx";

type Props = {
  readonly what: string;
  /** Nothing when the form was sent again: then it was shown already. */
  readonly secret: string | undefined;
};

/** A secret on the one page that ever shows it. */
export const ShownOnce: FC<Props> = ({ what, secret }) =>
  secret === undefined ? (
    <div class="notice warn" role="status">
      <p>
        This form was sent before, and did its work once. The {what} was shown then, and nobody can show it again. If
        you did not keep it, make another one.
      </p>
    </div>
  ) : (
    <div class="notice" role="status">
      <p>
        This is the {what}. It is shown <strong>this once</strong>: keep it now.
      </p>
      <pre>
        <code class="secret">{secret}</code>
      </pre>
    </div>
  );
