import { Hono, type Context } from "hono";
import { purge, type Purged, type PurgePorts } from "../answer/purge.ts";
import { PLATFORM } from "../core/act.ts";
import { PurgeView } from "../core/cache-resources.ts";
import type { Tenants } from "../core/control-ports.ts";
import { tagsOfPurged } from "../core/page-cache.ts";
import type { PurgeLog } from "../core/purge.ts";
import { authorize, type AuthorizePorts } from "./authorize.ts";
import { confirmed, type ConfirmedPorts } from "./confirmed.ts";
import { body } from "./describe.ts";
import { actOf, idempotent, rowOf, type IdempotentPorts } from "./idempotent.ts";
import { namesOf, PurgeAsked, readerAsked, subjectsAsked, targetsAsked } from "./purge-asked.ts";
import { purgePages, type PurgePagesPorts } from "./purge-pages.ts";
import type { AdminEnv } from "./request.ts";
import { Pending } from "./shapes.ts";
import { whileRedisAnswers } from "./while-redis-answers.ts";

export type PurgeCachePorts = PurgePorts &
  ConfirmedPorts &
  AuthorizePorts &
  PurgePagesPorts &
  IdempotentPorts & {
    readonly purgeLog: PurgeLog;
    readonly tenants: Pick<Tenants, "find">;
    readonly namespaceVersion: string;
  };

/** Takes answers away: a tenant's for itself, or a pool's for everybody. Fails closed: while Redis is down nothing is purged. */
export const purgeCacheRoute = (s: PurgeCachePorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  /** Pages show what a pool has to everybody: what a tenant sees for itself is on none. */
  const pagesOf = (c: Context<AdminEnv>, asked: PurgeAsked, { targets }: Purged) =>
    purgePages(s, {
      context: c.executionCtx,
      tags: tagsOfPurged(targets, subjectsAsked(asked)),
      background: (promise) => c.executionCtx.waitUntil(promise),
    });
  return new Hono<AdminEnv>().post(
    "/purge",
    may("cache.purge", {
      summary: "Purge the answers to a call, everything about a subject, or everything",
      responses: { 200: Pending(PurgeView) },
    }),
    body(PurgeAsked),
    once,
    async (c) => {
      const asked = c.req.valid("json");
      const { mode } = asked;
      const { tenantId } = c.var;
      const reader = await readerAsked(s, asked, tenantId);
      const targets = await targetsAsked(s, asked, reader.scope);
      // Before it is noted: done twice it does no harm, and an outcome must not be remembered of what was not done.
      const done = await whileRedisAnswers(() => purge(s, { ...reader, targets, mode }));
      const { view: scope, atMs, change } = done;
      const purged_at = new Date(atMs).toISOString();
      const names = { purged: namesOf(asked, done.targets), mode, scope, purged_at };
      const purged: PurgeView = {
        ...names,
        ...(tenantId === PLATFORM ? { pages: await pagesOf(c, asked, done) } : {}),
      };
      const outcome = { ...purged, pending: false };
      const act = actOf(c, { action: "cache.purge", subject: scope, detail: purged, outcome });
      const ownViewAtMs = change.kind === "tenant" ? atMs : null;
      const { result, pending } = await confirmed(s, change, () => s.purgeLog.note(act, tenantId, ownViewAtMs));
      rowOf(result);
      return c.json({ ...purged, pending });
    },
  );
};
