import * as v from "valibot";
import { callTargets, type Purging } from "../answer/purge.ts";
import { poolOf, scopeOf } from "../answer/payer.ts";
import { PLATFORM } from "../core/act.ts";
import { pathOf } from "../core/canonical.ts";
import type { Tenants } from "../core/control-ports.ts";
import { problems } from "../core/problem.ts";
import { PurgeMode, type PurgeTarget } from "../core/purge.ts";
import { subjectIn, subjectsOf } from "../core/subjects.ts";
import { callAt, CallPath } from "./call-at.ts";
import { found, Region } from "./shapes.ts";

const NO_SUBJECT =
  "is none of user:<id>, user:@<handle>, challenge:<id>, challenge:#<name>, music:<id>, video:<id>, playlist:<id> and collection:<id>";

const Subject = v.pipe(
  v.string(),
  v.check((text) => subjectIn(text) !== undefined, NO_SUBJECT),
  v.transform((text) => subjectIn(text) ?? text),
);

const KINDS = ["path", "subject", "everything"] as const;

/** What is to be purged, one of three kinds; `region` is for who purges a pool for everybody. */
export const PurgeAsked = v.pipe(
  v.strictObject({
    path: v.exactOptional(CallPath),
    subject: v.exactOptional(Subject),
    everything: v.exactOptional(v.literal(true)),
    mode: v.optional(PurgeMode, "hard"),
    region: v.exactOptional(Region),
  }),
  v.check(
    (asked) => KINDS.filter((kind) => asked[kind] !== undefined).length === 1,
    "names not exactly one of path, subject and everything",
  ),
);

export type PurgeAsked = v.InferOutput<typeof PurgeAsked>;

/** Whose answers, and in whose eyes: a tenant's for itself, a region's pool for everybody when the operator names no tenant. */
export async function readerAsked(
  { tenants }: { readonly tenants: Pick<Tenants, "find"> },
  { region }: PurgeAsked,
  tenantId: string,
): Promise<Pick<Purging, "scope" | "tenantId">> {
  if (tenantId === PLATFORM) {
    if (region === undefined) refuse("region", "is required where no tenant is named");
    return { scope: poolOf(region), tenantId: null };
  }
  if (region !== undefined) refuse("region", "is not for a tenant, which purges what it reads");
  const { id, cache_scope: cacheScope, region: ownRegion } = found(await tenants.find(tenantId));
  return { scope: scopeOf({ id, cacheScope, region: ownRegion }), tenantId };
}

/** What is asked for, as it is marked. */
export async function targetsAsked(
  { namespaceVersion }: { readonly namespaceVersion: string },
  { path, subject }: PurgeAsked,
  scope: string,
): Promise<readonly PurgeTarget[]> {
  if (subject !== undefined) return [{ kind: "subject", subject }];
  if (path === undefined) return [{ kind: "everything" }];
  const call = callAt(path);
  if (call.endpoint.windows === "download") refuse("path", "is of an endpoint whose answers are never kept");
  return callTargets(call, { scope, namespaceVersion });
}

/** What a call asks about, where it is one that is purged. What is found for a hashtag's name is shown on its page as related. */
export function subjectsAsked({ path }: PurgeAsked): readonly string[] {
  if (path === undefined) return [];
  const call = callAt(path);
  if (call.endpoint.path !== "/search-challenge/") return subjectsOf(call);
  return call.params.flatMap(([name, value]) => (name === "keyword" ? [`challenge:#${value}`] : []));
}

/** What was purged, by name. */
export function namesOf({ path }: PurgeAsked, targets: readonly PurgeTarget[]): string[] {
  if (path !== undefined) return [pathOf(callAt(path))];
  return targets.map((target) => (target.kind === "subject" ? target.subject : "everything"));
}

function refuse(name: string, reason: string): never {
  throw problems.invalidParameters([{ name, reason }]);
}
