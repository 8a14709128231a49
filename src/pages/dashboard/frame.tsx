import type { FC, PropsWithChildren } from "hono/jsx";
import type { Session } from "../../core/session.ts";
import { Page } from "../layout.tsx";
import type { Guarded } from "../session/request.ts";
import { SignedInAs } from "../session/signed-in-as.tsx";

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
