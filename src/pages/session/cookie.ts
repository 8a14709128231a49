import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as v from "valibot";
import { openCookie, sealCookie, type Sealing } from "../../core/sealed-cookie.ts";
import { endOf, isOver, Session, type SessionTimes } from "../../core/session.ts";

/** With the prefix `__Host-`: over https only, of this host alone, and no page of a neighbouring one can set it. */
const NAME = "tikedge";
const FULL_NAME = `__Host-${NAME}`;

/** What browsers keep of one cookie, its name and attributes included, is 4,096 bytes (RFC 6265, section 6.1). */
const MOST_LENGTH = 3_900;

/** How much longer a cookie gets when a tenant is chosen: a UUID and its quotes instead of `null`, sealed, in base64. */
const TENANT_LENGTH = 48;

/** Strict: a page of another site cannot even lead here as who is signed in. */
const ATTRIBUTES = { prefix: "host", httpOnly: true, secure: true, sameSite: "Strict", path: "/" } as const;

export type CookiePorts = Sealing & SessionTimes & { readonly clock: () => number };

/** Who is signed in, or nothing: no cookie, one that does not open, one that is over. */
export async function readSession(s: CookiePorts, c: Context): Promise<Session | undefined> {
  const text = getCookie(c, NAME, "host");
  const clear = text === undefined ? undefined : await openCookie(FULL_NAME, text, await s.peppers());
  if (clear === undefined) return undefined;
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Session), clear);
  return read.success && !isOver(read.output, s, s.clock()) ? read.output : undefined;
}

/**
 * Sets the cookie on the response. Says no when the credential is longer than what a browser keeps, with a tenant still to be chosen: else
 * the choice would be lost in silence, and be asked for again for ever.
 */
export async function keepSession(s: CookiePorts, c: Context, session: Session): Promise<boolean> {
  const text = await sealCookie(FULL_NAME, JSON.stringify(session), s);
  if (text.length + (session.tenantId === null ? TENANT_LENGTH : 0) > MOST_LENGTH) return false;
  const maxAge = Math.max(0, Math.ceil((endOf(session, s) - s.clock()) / 1_000));
  setCookie(c, NAME, text, { ...ATTRIBUTES, maxAge });
  return true;
}

/** Takes the cookie back. */
export function forgetSession(c: Context): void {
  deleteCookie(c, NAME, ATTRIBUTES);
}
