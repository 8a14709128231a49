import type { Context } from "hono";
import { Problem } from "../../core/problem.ts";
import type { Sent } from "./ask.ts";
import type { SessionEnv } from "./request.ts";

export type Attempted<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "refused"; readonly problem: Problem };

/** What came of asking, so that a refusal can stand beside the form that it is about. That somebody is signed out is still thrown. */
export async function attempt<T>(asked: Promise<T>): Promise<Attempted<T>> {
  try {
    return { kind: "done", value: await asked };
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 401) throw error;
    return { kind: "refused", problem: error };
  }
}

/** What is sent to `/v1` for a form, so that a form that is sent twice acts once. */
export function sentBy(c: Context<SessionEnv>, body?: Sent["body"]): Sent {
  return { ...(body === undefined ? {} : { body }), once: c.var.form.get("once") ?? "" };
}
