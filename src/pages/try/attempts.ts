import { handlingOf, timingOf } from "../../answer/handling-of.ts";
import { fetchedFor } from "../../answer/hit-of.ts";
import { cacheStatus } from "../../core/http-fields.ts";
import { problems } from "../../core/problem.ts";
import { askPublicly, shownOf, type AskPubliclyPorts, type Visit } from "../ask-publicly.ts";
import type { Chosen } from "./samples.ts";

/** The data plane as an app, asked without leaving the isolate. */
export type DataPlane = {
  fetch(request: Request, env: unknown, context: ExecutionContext): Response | Promise<Response>;
};

/** What came of a call, as its client would have seen it. */
export type Attempt = {
  readonly status: number;
  /** Fields of the response that say how it came about. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly tookMs: number;
};

const SHOWN = ["Cache-Status", "Age", "X-Credits-Charged", "Server-Timing"];

/** What a gateway key looks like to a header: anything else would be no header. */
const PRESENTABLE = /^[\u0021-\u007e]{1,256}$/;

/** Asks at the public tenant's expense. Throws the problem that says why there is nothing to show. */
export const tryPublicly = (ports: AskPubliclyPorts) => {
  const ask = askPublicly(ports);
  return async function tryPublicly({ call }: Chosen, visit: Visit): Promise<Attempt> {
    const beganMs = ports.clock();
    const answered = await ask(call, visit);
    const entry = shownOf(answered);
    // What is refused is thrown by then.
    if (answered.kind === "refused") throw problems.publicNotReady();
    const nowMs = ports.clock();
    const ageSeconds = Math.max(0, Math.floor((nowMs - entry.fetchedAtMs) / 1_000));
    const ttlSeconds = Math.floor(entry.freshMs / 1_000) - ageSeconds;
    const said: Record<string, string> = {
      "Cache-Status": cacheStatus(handlingOf(answered, entry, ttlSeconds)),
      Age: String(ageSeconds),
      "X-Credits-Charged": String(fetchedFor(answered)?.creditsCharged ?? 0),
      "Server-Timing": timingOf(answered, nowMs - beganMs),
    };
    return { status: entry.status, fields: Object.entries(said), body: entry.body, tookMs: nowMs - beganMs };
  };
};

type WithKey = { readonly key: string; readonly request: Request; readonly env: unknown };

/** Asks with a key, as its client would: the same steps, limits and refusals. The key goes no further. */
export async function tryWithKey(
  { data, clock }: { readonly data: DataPlane; readonly clock: () => number },
  { target }: Chosen,
  { key, request, env, context }: WithKey & { readonly context: ExecutionContext },
): Promise<Attempt> {
  if (!PRESENTABLE.test(key)) throw problems.unauthorized();
  const headers = new Headers({ "x-api-key": key });
  // Limits on who has no valid key count by address.
  const address = request.headers.get("cf-connecting-ip");
  if (address !== null) headers.set("cf-connecting-ip", address);
  const beganMs = clock();
  const response = await data.fetch(new Request(new URL(target, request.url), { headers }), env, context);
  const body = await response.text();
  const fields = SHOWN.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { status: response.status, fields, body, tookMs: clock() - beganMs };
}
