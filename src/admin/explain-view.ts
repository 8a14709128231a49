import type { Ask } from "../answer/answer.ts";
import type { Foretold } from "../answer/foretell.ts";
import type { Held, Inspected } from "../answer/inspect.ts";
import { redisKey } from "../core/answer-key.ts";
import { upstreamSearch } from "../core/canonical.ts";
import type { Call } from "../core/catalogue.ts";
import type { ExplanationView, TierView } from "../core/explanation.ts";
import type { AnswerKey, UpstreamKeys } from "../core/ports.ts";
import { quotaWindows } from "../core/quota.ts";
import type { QuotaView } from "../core/statement-resources.ts";
import type { Tenant } from "../core/tenant.ts";
import { tightened, windowsFor, type WindowOverrides } from "../core/windows.ts";
import { verdictOf } from "./explain-verdict.ts";
import type { Known } from "./limits.ts";

type Settings = {
  readonly windowOverrides: WindowOverrides;
  readonly staleIfErrorMs: number;
  readonly clock: () => number;
};

type Learnt = {
  readonly ask: Ask;
  readonly tenant: Tenant;
  readonly inspected: Inspected;
  readonly foretold: Foretold;
  readonly known: Known;
  readonly burst: QuotaView["data"];
  readonly opened: Awaited<ReturnType<UpstreamKeys["open"]>>;
};

/** What was learnt of a call, as `/v1` says it. */
export function explanationOf(settings: Settings, learnt: Learnt): ExplanationView {
  const { ask, tenant, inspected } = learnt;
  const { endpoint, params } = ask.call;
  const nowMs = settings.clock();
  const tier = (held: Held) => tierView(held, tenant, nowMs);
  const { retrievableUntilMs } = inspected;
  return {
    path: `${endpoint.path}${upstreamSearch(ask.call)}`,
    endpoint: endpoint.path,
    parameters: Object.fromEntries(params),
    scope: ask.payer.scope,
    class: endpoint.windows,
    windows: windowsView(settings, ask.call, tenant),
    credits: endpoint.credits,
    ...verdictOf({ ...learnt, call: ask.call, redis: inspected.redis }, nowMs),
    cached: { memory: tier(inspected.memory), colo: tier(inspected.colo), redis: tier(inspected.redis) },
    limits: limitsView(learnt),
    retrievable_until: retrievableUntilMs === null ? null : new Date(retrievableUntilMs).toISOString(),
  };
}

/** Where the answer is kept. */
export async function keyView(key: AnswerKey): Promise<NonNullable<ExplanationView["key"]>> {
  const digest = await key.digest();
  return { redis: redisKey(key, digest), digest, identity: key.identity };
}

/** Of an answer whose body is not known yet. */
function windowsView(
  { windowOverrides, staleIfErrorMs }: Settings,
  call: Call,
  { windows: own }: Tenant,
): ExplanationView["windows"] {
  const { endpoint } = call;
  const asked = { endpoint, call, outcome: "success", json: undefined, fetchedAtMs: 0, expectsLinks: false } as const;
  const usual = windowsFor({ ...asked, overrides: windowOverrides, staleIfErrorMs });
  if (usual === null) return null;
  return { deployment: inSeconds(usual), tenant: inSeconds(tightened({ ...usual, fetchedAtMs: 0 }, own)) };
}

type Lengths = { readonly freshMs: number; readonly staleMs: number; readonly errorMs: number };

function inSeconds({ freshMs, staleMs, errorMs }: Lengths) {
  return { fresh_seconds: freshMs / 1_000, stale_seconds: staleMs / 1_000, error_seconds: errorMs / 1_000 };
}

function tierView(held: Held, { windows: own }: Tenant, nowMs: number): TierView {
  if (held.kind !== "present") return { state: held.kind };
  const { entry } = held.stored;
  const ageSeconds = Math.max(0, Math.floor((nowMs - entry.fetchedAtMs) / 1_000));
  const leftSeconds = Math.floor(tightened(entry, own).freshMs / 1_000) - ageSeconds;
  return {
    state: "present",
    // Nothing is demanded here for which a copy could be refused.
    standing: held.standing === "refused" ? "last-resort" : held.standing,
    trusted: held.isTrusted,
    purged: held.purge,
    kind: entry.kind,
    derived: entry.derived,
    class: entry.windows,
    age_seconds: ageSeconds,
    ttl_seconds: held.purge === "none" ? leftSeconds : Math.min(0, leftSeconds),
    status: entry.status,
    etag: entry.etag,
    body_bytes: new TextEncoder().encode(entry.body).byteLength,
  };
}

function limitsView({ tenant, known, burst, opened }: Learnt): ExplanationView["limits"] {
  const { source, spent, nowMs } = known;
  return {
    source,
    data: [...burst, ...quotaWindows(tenant.quotas, spent, nowMs)],
    upstream_calls_per_minute: opened.kind === "opened" ? opened.keys.reduce((sum, { cap }) => sum + cap, 0) : null,
  };
}
