import type { Context } from "hono";
import type { FC, PropsWithChildren } from "hono/jsx";
import { Page } from "../layout.tsx";
import { askAs, type Ask } from "../session/ask.ts";
import type { SessionEnv } from "../session/request.ts";
import type { SignedInPorts } from "../session/signed-in.ts";
import { SignedInAs } from "../session/signed-in-as.tsx";

const PARTS = [
  ["/dashboard/operator", "Deployment"],
  ["/dashboard/operator/tenants", "Tenants"],
  ["/dashboard/operator/dead-messages", "Dead messages"],
  ["/dashboard/tenant", "Look at a tenant"],
] as const;

type Props = PropsWithChildren<{
  readonly title: string;
  /** Path of the part that this page belongs to. */
  readonly part: (typeof PARTS)[number][0];
  readonly c: Context<SessionEnv>;
}>;

/** The frame of every page of the operator's. */
export const Operator: FC<Props> = ({ title, part, c, children }) => (
  <Page
    title={title}
    nav={PARTS.map(([href, label]) => ({ href, label, isCurrent: href === part }))}
    aside={<SignedInAs who={c.var.session} by={c.var.guard()} />}
  >
    <h1>{title}</h1>
    {children}
  </Page>
);

/** Asks as the operator who names no tenant, whichever they look at in the dashboard. */
export function askForAll({ control }: SignedInPorts, c: Context<SessionEnv>): Ask {
  return askAs(control, c, { credential: c.var.session.credential, tenantId: null });
}
