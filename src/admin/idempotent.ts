import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Act, Acted } from "../core/act.ts";
import { digestApiKey } from "../core/api-key.ts";
import { sha256, toHex } from "../core/bytes.ts";
import type { Outcomes } from "../core/control-ports.ts";
import { Problem, problems } from "../core/problem.ts";
import type { AdminEnv } from "./request.ts";

export type IdempotentPorts = {
  readonly outcomes: Outcomes;
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
};

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Another request with the same key was first, and committed between our look and our act. A problem, for it is nobody's alarm. */
class Repeated extends Problem {
  constructor() {
    super(problems.conflict("Another request with this Idempotency-Key was first."));
  }
}

/**
 * Makes a mutation safe to repeat. A request whose `Idempotency-Key` is known gets the first outcome, without secrets and marked
 * `replayed`, and nothing is done; with another method, path or body it is refused. The outcome is written by the act's own
 * transaction, so there is never one without the other.
 */
export const idempotent = (ports: IdempotentPorts) =>
  createMiddleware<AdminEnv>(async function idempotent(c, next) {
    const key = c.req.header("idempotency-key");
    c.set("idempotency", undefined);
    if (key === undefined) return next();
    if (!KEY.test(key))
      throw problems.invalidParameters([
        { name: "Idempotency-Key", reason: "is not 1 to 255 visible ASCII characters" },
      ]);
    const prints = await fingerprintsOf(ports, c);
    // What it is stored under must tell nobody what it was: people send credentials in the wrong header.
    c.set("idempotency", { scope: c.var.tenantId, key: toHex(await sha256(key)), fingerprint: prints[0] ?? "" });
    const replayed = await replay(ports, c, prints);
    if (replayed !== undefined) return replayed;
    await next();
    const late = c.error instanceof Repeated ? await replay(ports, c, prints) : undefined;
    if (late === undefined) return undefined;
    // Else the headers of the refusal would be carried over.
    c.res = undefined;
    c.res = late;
    return undefined;
  });

/** Of method, path and body, under each pepper, the newest first: a body may be a secret, and a plain digest would let a guess be checked. */
async function fingerprintsOf({ peppers }: IdempotentPorts, c: Context<AdminEnv>): Promise<readonly string[]> {
  const request = JSON.stringify([c.req.method, new URL(c.req.url).pathname, c.var.bodyText]);
  const newestFirst = [...(await peppers())].toSorted(([one], [other]) => other - one);
  return Promise.all(newestFirst.map(([, pepper]) => digestApiKey(request, pepper)));
}

async function replay(
  { outcomes }: IdempotentPorts,
  c: Context<AdminEnv>,
  fingerprints: readonly string[],
): Promise<Response | undefined> {
  const { idempotency } = c.var;
  if (idempotency === undefined) return undefined;
  const first = await outcomes.find(idempotency.scope, idempotency.key);
  if (first === undefined) return undefined;
  if (!fingerprints.includes(first.fingerprint)) throw problems.idempotencyKeyReused();
  const type = first.status < 400 ? "application/json" : "application/problem+json";
  const headers = {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": c.var.requestId,
  };
  return Response.json({ ...(first.body as object), replayed: true }, { status: first.status, headers });
}

type Doing = Pick<Act, "action" | "subject" | "detail"> & {
  /** Of the answer, 200 unless said otherwise. */
  readonly status?: number;
  /** What a repeat is answered with, when the outcome is not a row of Postgres. */
  readonly outcome?: Readonly<Record<string, unknown>>;
};

/** An act by whoever calls, as part of this request. */
export function actOf(c: Context<AdminEnv>, { status = 200, outcome, ...doing }: Doing): Act {
  const { actor, requestId, idempotency } = c.var;
  return {
    ...doing,
    actor,
    requestId,
    idempotency: idempotency && { ...idempotency, status, ...(outcome === undefined ? {} : { body: outcome }) },
  };
}

/** The row of what was done; what was not done is thrown as its problem. */
export function rowOf<Row>(acted: Acted<Row>): Row {
  switch (acted.kind) {
    case "done":
      return acted.row;
    case "absent":
      throw problems.notFound();
    case "conflict":
      throw problems.conflict(acted.because);
    case "repeated":
      throw new Repeated();
    default:
      return acted satisfies never;
  }
}
