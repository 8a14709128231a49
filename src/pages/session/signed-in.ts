import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { Problem } from "../../core/problem.ts";
import { noted, type Session } from "../../core/session.ts";
import { askAs, type Control } from "./ask.ts";
import { forgetSession, keepSession, readSession, type CookiePorts } from "./cookie.ts";
import { checkCsrf, readForm } from "./read-form.ts";
import { refuseForeign } from "./refuse-foreign.ts";
import type { SessionEnv } from "./request.ts";
import { problemPageOf } from "./signed-in-as.tsx";

export type SignedInPorts = CookiePorts & { readonly control: Control; readonly newRequestId: () => string };

/** What a page is about: one tenant, which one, the whole deployment, or only that somebody is signed in. */
export type About = "tenant" | "choice" | "platform" | "anything";

export const SIGN_IN = "/dashboard/sign-in";

/**
 * The steps before every page of somebody signed in, to be `use`d by its route. Fails closed: who is not signed in, or not for this, is led to
 * where they can be, and a form is acted on only when a page of this very session made it.
 */
export const signedIn = (s: SignedInPorts, about: About) =>
  [requireSession(s, about), refuseForeign(), ...readForm(), checkCsrf()] as const;

const requireSession = (s: SignedInPorts, about: About) =>
  createMiddleware<SessionEnv>(async function requireSession(c, next) {
    const session = await readSession(s, c);
    if (session === undefined) return c.redirect(SIGN_IN, 303);
    const elsewhere = elsewhereFor(session, about);
    if (elsewhere !== undefined) return c.redirect(elsewhere, 303);
    c.set("session", session);
    c.set("ask", askAs(s.control, c, session));
    const guard = () => ({ csrf: session.csrf, once: s.newRequestId() });
    c.set("guard", guard);
    if (c.var.problemPage !== undefined) c.set("problemPage", problemPageOf(session, guard));
    await next();
    // The credential is no good any more: revoked, expired, or its issuer says so.
    if (c.error instanceof Problem && c.error.status === 401) return over(c);
    const kept = c.var.session === session ? noted(session, s, s.clock()) : c.var.session;
    // Signing out has taken the cookie back already.
    if (kept !== undefined && !c.res.headers.has("set-cookie")) await keepSession(s, c, kept);
    return undefined;
  });

/** Where somebody has to go first, if anywhere. */
function elsewhereFor({ kind, tenantId }: Session, about: About): string | undefined {
  if (about === "platform" && kind !== "operator") return "/dashboard";
  if (about === "choice" && kind === "key") return "/dashboard";
  if (about !== "tenant" || kind === "key" || tenantId !== null) return undefined;
  return kind === "operator" ? "/dashboard/operator" : "/dashboard/tenant";
}

function over(c: Context<SessionEnv>): undefined {
  // Else the headers of the refusal would be carried over.
  c.res = undefined;
  c.res = new Response(null, { status: 303, headers: { location: `${SIGN_IN}?over`, "cache-control": "no-store" } });
  forgetSession(c);
}
