import type { Context } from "hono";
import * as v from "valibot";
import { toHex } from "../../core/bytes.ts";
import { Problem } from "../../core/problem.ts";
import type { Session } from "../../core/session.ts";
import { askAs } from "./ask.ts";
import type { SessionEnv } from "./request.ts";
import type { SignedInPorts } from "./signed-in.ts";

/** What `/v1/me` says of who may sign in. */
const Me = v.variant("kind", [
  v.object({ kind: v.literal("operator") }),
  v.object({ kind: v.literal("key"), key_id: v.string(), role: v.string() }),
  v.object({ kind: v.literal("person"), subject: v.string() }),
]);

/** What a header takes. */
const CREDENTIAL = /^[\x21-\x7e]{1,8192}$/;

const CSRF_BYTES = 16;

const WRONG = "This is not a valid key.";
const NOT_MANAGING =
  "This key is valid, but it may not manage its tenant. Sign in with one that has the permission manage.";

export type Refused = {
  readonly kind: "refused";
  readonly because: string;
  readonly problem?: Problem;
  readonly status: number;
};
export type Begun = { readonly kind: "begun"; readonly session: Session };

/**
 * A session for whoever holds the credential, as `/v1` says who that is; or why there is none, in words that repeat nothing of it. Throws when
 * it is us who cannot tell.
 */
export async function beginSession(
  s: SignedInPorts,
  c: Context<SessionEnv>,
  { credential, tenantId }: Pick<Session, "credential" | "tenantId">,
): Promise<Begun | Refused> {
  if (!CREDENTIAL.test(credential)) return { kind: "refused", because: WRONG, status: 401 };
  const begun = (kind: Session["kind"], who: string) => begin(s, { kind, credential, who, tenantId });
  try {
    const me = await askAs(s.control, c, { credential, tenantId: null }).get("/v1/me", Me);
    switch (me.kind) {
      case "operator":
        return begun("operator", "operator");
      case "person":
        return begun("person", me.subject);
      case "key":
        return me.role === "manage-key"
          ? begun("key", `key ${me.key_id}`)
          : { kind: "refused", because: NOT_MANAGING, status: 403 };
      default:
        return me satisfies never;
    }
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return {
      kind: "refused",
      because: error.status === 401 ? WRONG : error.detail,
      problem: error,
      status: error.status,
    };
  }
}

type Known = Pick<Session, "kind" | "credential" | "who" | "tenantId">;

function begin({ random, clock }: SignedInPorts, known: Known): Begun {
  const nowMs = clock();
  return { kind: "begun", session: { ...known, csrf: toHex(random(CSRF_BYTES)), startedAtMs: nowMs, seenAtMs: nowMs } };
}
