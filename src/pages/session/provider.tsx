import { Hono, type Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as v from "valibot";
import { problems } from "../../core/problem.ts";
import { TenantView } from "../../core/resources.ts";
import { openCookie, sealCookie } from "../../core/sealed-cookie.ts";
import { PendingSignIn, type SignInProvider } from "../../core/sign-in.ts";
import { isUuid } from "../../core/uuid7.ts";
import { Page } from "../layout.tsx";
import { pageResponse } from "../render.ts";
import { askAs } from "./ask.ts";
import { attempt } from "./attempt.ts";
import { beginSession } from "./begin-session.ts";
import { keepSession } from "./cookie.ts";
import type { SessionEnv } from "./request.ts";
import type { SignedInPorts } from "./signed-in.ts";
import { beginAt, refusedPage, TOO_LONG } from "./sign-in-page.tsx";

export type ProviderPorts = SignedInPorts & { readonly signInProvider: SignInProvider };

const NAME = "tikedge-sign-in";
const FULL_NAME = `__Host-${NAME}`;

/** How long a person may be away to sign in. */
const AWAY_MS = 600_000;

/** Lax, unlike the session's: it has to come along from the provider's page, and is good for this one return. */
const ATTRIBUTES = { prefix: "host", httpOnly: true, secure: true, sameSite: "Lax", path: "/" } as const;

const LOST = "This sign-in was not begun in this browser, or too long ago. Begin again.";
const DECLINED = "The identity provider did not sign you in. Begin again.";

/** Signing in with the identity provider: there, and back. */
export const providerRoute = (s: ProviderPorts) =>
  new Hono<SessionEnv>()
    .get("/", async (c) => {
      const { origin, searchParams } = new URL(c.req.url);
      const { url, proofs } = await s.signInProvider.begin(`${origin}/dashboard/oidc/callback`);
      const tenant = searchParams.get("tenant") ?? "";
      const pending = { ...proofs, tenantId: isUuid(tenant) ? tenant : null, begunAtMs: s.clock() };
      const text = await sealCookie(FULL_NAME, JSON.stringify(pending), s);
      setCookie(c, NAME, text, { ...ATTRIBUTES, maxAge: AWAY_MS / 1_000 });
      return c.redirect(url, 303);
    })
    .get("/callback", async (c) => {
      const pending = await readPending(s, c);
      c.res = pending === undefined ? refused(LOST, 400, null) : await signIn(s, c, pending);
      deleteCookie(c, NAME, ATTRIBUTES);
      return c.res;
    });

async function readPending(s: ProviderPorts, c: Context): Promise<PendingSignIn | undefined> {
  const text = getCookie(c, NAME, "host");
  const clear = text === undefined ? undefined : await openCookie(FULL_NAME, text, await s.peppers());
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), PendingSignIn), clear);
  return read.success && s.clock() - read.output.begunAtMs < AWAY_MS ? read.output : undefined;
}

/** Signed in, and then on by a page of ours: the cookie is Strict, so a redirect that began elsewhere would go without it. */
async function signIn(s: ProviderPorts, c: Context<SessionEnv>, pending: PendingSignIn): Promise<Response> {
  const finished = await s.signInProvider.finish(c.req.url, pending);
  if (finished.kind === "unavailable") throw problems.identityTokensUnavailable();
  if (finished.kind === "refused") return refused(DECLINED, 403, pending.tenantId);
  const begun = await beginSession(s, c, { credential: finished.token, tenantId: null });
  if (begun.kind === "refused") return refused(DECLINED, 403, pending.tenantId);
  const session = { ...begun.session, tenantId: await tenantOf(s, c, finished.token, pending) };
  c.res = pageResponse(<SignedIn />);
  return (await keepSession(s, c, session)) ? c.res : refusedPage(TOO_LONG, beginAt(pending.tenantId));
}

/** The tenant that the person came for, if they may look at it; else they are asked. */
async function tenantOf(
  { control }: ProviderPorts,
  c: Context<SessionEnv>,
  credential: string,
  { tenantId }: PendingSignIn,
): Promise<string | null> {
  if (tenantId === null) return null;
  const found = await attempt(askAs(control, c, { credential, tenantId }).get("/v1/tenant", TenantView));
  return found.kind === "done" ? tenantId : null;
}

function refused(because: string, status: number, tenantId: string | null): Response {
  return refusedPage({ kind: "refused", because, status }, beginAt(tenantId));
}

const SignedIn = () => (
  <Page title="Signed in" head={<meta http-equiv="refresh" content="0; url=/dashboard" />}>
    <h1>You are signed in</h1>
    <p>
      <a href="/dashboard">Go on to the dashboard</a>
    </p>
  </Page>
);
