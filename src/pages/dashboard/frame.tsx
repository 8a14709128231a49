import type { FC, PropsWithChildren } from "hono/jsx";
import type { Session } from "../../core/session.ts";
import { Page } from "../layout.tsx";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";

const PARTS = [
  ["/dashboard", "Overview"],
  ["/dashboard/usage", "Usage"],
  ["/dashboard/keys", "Keys"],
  ["/dashboard/upstream-key", "Upstream key"],
  ["/dashboard/alerts", "Alerts"],
  ["/dashboard/settings", "Settings"],
  ["/dashboard/webhooks", "Webhooks"],
  ["/dashboard/audit", "Audit log"],
] as const;

type Props = PropsWithChildren<{
  readonly title: string;
  /** Path of the part that this page belongs to. */
  readonly part: (typeof PARTS)[number][0];
  readonly who: Pick<Session, "who" | "kind">;
  readonly guard: () => Guarded;
}>;

/** The frame of every page of a tenant's dashboard. */
export const Dashboard: FC<Props> = ({ title, part, who, guard, children }) => (
  <Page
    title={title}
    nav={PARTS.map(([href, label]) => ({ href, label, isCurrent: href === part }))}
    aside={<SignedInAs who={who} by={guard()} />}
  >
    <h1>{title}</h1>
    {children}
  </Page>
);

/** Who is signed in, and how to leave. Of the operator too. */
export const SignedInAs: FC<{ readonly who: Pick<Session, "who" | "kind">; readonly by: Guarded }> = ({ who, by }) => (
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
