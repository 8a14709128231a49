import { createHash, randomUUID } from "node:crypto";
import { books } from "../support/books.ts";
import { storeByoTenant, storeSharedTenant, type Home } from "../support/cast.ts";
import { upstreamControl } from "../support/upstream-control.ts";

type Kind = {
  readonly name: string;
  /** Brings an upstream key of its own, whose answers are its own. */
  readonly isByo?: true;
  readonly monthlyQuota?: number;
  readonly plan?: "free" | "pro";
  /** What becomes of it on the way. */
  readonly ends?: "suspend" | "delete";
};

const KINDS = [
  { name: "roomy", plan: "pro" },
  { name: "daily", plan: "free" },
  { name: "monthly", plan: "pro", monthlyQuota: 6 },
  { name: "own", isByo: true },
  { name: "another", isByo: true },
  { name: "suspended", plan: "pro", ends: "suspend" },
  { name: "deleted", plan: "pro", ends: "delete" },
] as const satisfies readonly Kind[];

export type TenantName = (typeof KINDS)[number]["name"];
type TenantKind = Kind & { readonly name: TenantName };

/** Who asks. The plan `free` has a small daily quota here. */
export const TENANTS: readonly [TenantKind, ...TenantKind[]] = KINDS;

export const DAILY_QUOTA = 8;

/** A tenant of one run. */
export type Player = {
  readonly name: TenantName;
  readonly id: string;
  readonly apiKey: string;
  /** Its own upstream key, in clear, and its id. */
  readonly own: { readonly key: string; readonly id: string } | null;
  readonly quotas: { readonly daily: number | null; readonly monthly: number | null };
  /** What stands in its data alone: seen by anybody else, it came from there. */
  readonly canaries: readonly string[];
  readonly endsAs: "suspend" | "delete" | null;
};

/** Writes the tenants of a run. What a BYO tenant's key is answered at `/userid/` names the tenant; `upstream` needs `canaryFaults` for it. */
export async function storePlayers(home: Home, upstreamUrl: string): Promise<readonly Player[]> {
  const { query } = books(home.database.url);
  await query("UPDATE app.plans SET daily_quota = $1 WHERE name = 'free'", [DAILY_QUOTA]);
  return Promise.all(TENANTS.map((kind) => store(home, upstreamUrl, kind)));
}

async function store(home: Home, upstreamUrl: string, kind: TenantKind): Promise<Player> {
  const { name, isByo, plan = "pro", monthlyQuota = null, ends = null } = kind;
  const stored = isByo ? await byo(home, upstreamUrl, name) : { ...(await storeSharedTenant(home, plan)), own: null };
  const { id, apiKey, own } = stored;
  const title = `Canary ${randomUUID()}`;
  const { query } = books(home.database.url);
  await query("UPDATE app.tenants SET name = $2, monthly_quota = $3 WHERE id = $1", [id, title, monthlyQuota]);
  await query("UPDATE app.api_keys SET permissions = '{data,manage}' WHERE tenant_id = $1", [id]);
  return {
    name,
    id,
    apiKey,
    own,
    quotas: { daily: plan === "free" ? DAILY_QUOTA : null, monthly: monthlyQuota ?? (plan === "free" ? 10_000 : null) },
    canaries: [title, id, apiKey, ...(own === null ? [] : [own.key, own.id, canaryId(own.key)])],
    endsAs: ends,
  };
}

async function byo(home: Home, upstreamUrl: string, name: string) {
  const key = `own-upstream-key-of-${name}-${randomUUID()}`;
  await upstreamControl(upstreamUrl).setKey({ key, state: "active", credits: null, downloadTier: true });
  const { id, apiKey, upstreamKeyId } = await storeByoTenant(home, { clear: key, status: "active" });
  return { id, apiKey, own: { key, id: upstreamKeyId } };
}

/** The faults by which the upstream answers a BYO tenant's key with what nobody else is answered. They take the place of its `/userid/`. */
export function canaryFaults(players: readonly Player[]): readonly Readonly<Record<string, unknown>>[] {
  return players.flatMap(({ own }) => {
    if (own === null) return [];
    const body = JSON.stringify({ id: canaryId(own.key) });
    return [{ kind: "status", status: 200, body, key: own.key, path: "/userid/", times: null, charged: true }];
  });
}

/** An id that looks like the upstream's. */
function canaryId(key: string): string {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
  return `9${BigInt(`0x${digest}`).toString().padStart(15, "0")}`;
}
