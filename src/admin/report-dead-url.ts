import { Hono } from "hono";
import * as v from "valibot";
import type { Payer } from "../answer/answer.ts";
import { payerOf, type PoolSettings } from "../answer/payer.ts";
import { reportDeadUrl, type DeadUrlPorts } from "../answer/report-dead-url.ts";
import { DeadUrlView } from "../core/cache-resources.ts";
import type { Call } from "../core/catalogue.ts";
import { isTrialOver } from "../core/key-rights.ts";
import { problems } from "../core/problem.ts";
import type { PurgeLog } from "../core/purge.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";
import { authorize, type AuthorizePorts } from "./authorize.ts";
import { callAt, CallPath, refuseUnreadable } from "./call-at.ts";
import { body } from "./describe.ts";
import { actOf, idempotent, rowOf, type IdempotentPorts } from "./idempotent.ts";
import type { AdminEnv, Caller } from "./request.ts";
import { whileRedisAnswers } from "./while-redis-answers.ts";

/** A call, and the URL in its answer that did not work. */
const DeadUrlAsked = v.strictObject({ path: CallPath, url: v.string() });

type PayerPorts = PoolSettings & {
  /** Read anew: what is spent is spent by the rules of now. */
  readonly tenantRecords: TenantDirectory;
  readonly clock: () => number;
};

export type ReportDeadUrlPorts = DeadUrlPorts &
  PayerPorts &
  AuthorizePorts &
  IdempotentPorts & { readonly purgeLog: PurgeLog };

/** Whoever met a dead link has the answer fetched again. What was spent is in the answer, and in the audit log. */
export const reportDeadUrlRoute = (s: ReportDeadUrlPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>().post(
    "/report-dead-url",
    may("cache.report-dead-url", {
      summary: "Report a media URL that does not work: the answer that it stands in is fetched again, for a credit",
      responses: { 200: DeadUrlView },
    }),
    body(DeadUrlAsked),
    once,
    async (c) => {
      const { path, url } = c.req.valid("json");
      const { caller, tenantId, requestId, wait } = c.var;
      const call = mediaCallAsked(caller, path);
      const payer = await payerAsked(s, tenantId);
      const background = (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise);
      const asked = { call, payer, url, requestId, wait, background };
      const reported = await whileRedisAnswers(() => reportDeadUrl(s, asked));
      if (reported.kind === "unavailable") throw problems.cachesUnavailable();
      const { evicted, refetched, creditsCharged: credits_charged } = reported;
      const view: DeadUrlView = { evicted, refetched, credits_charged };
      if (evicted) {
        const detail = { path, refetched, credits_charged };
        const act = actOf(c, { action: "cache.report-dead-url", subject: tenantId, detail, outcome: view });
        rowOf(await s.purgeLog.note(act, tenantId, null));
      }
      return c.json(view);
    },
  );
};

/** The call, when its answers carry media links and whoever reports might ask for it: it will be asked for again. */
function mediaCallAsked(caller: Caller, path: string): Call {
  const call = callAt(path);
  const { endpoint } = call;
  if (!endpoint.carriesMediaUrls || endpoint.windows === "download") {
    const reason = "is of an endpoint that keeps no media URLs";
    throw problems.invalidParameters([{ name: "path", reason }]);
  }
  refuseUnreadable(caller, call);
  return call;
}

/** The tenant as who pays, with its own rules. Refuses one that may not ask now. */
async function payerAsked({ tenantRecords, clock, ...pool }: PayerPorts, tenantId: string): Promise<Payer> {
  const looked = await tenantRecords.find(tenantId);
  if (looked.kind === "unavailable") throw problems.databaseUnavailable(false);
  if (looked.kind === "absent") throw problems.notFound();
  const { tenant } = looked;
  if (tenant.status === "suspended") throw problems.tenantSuspended();
  if (isTrialOver(tenant, clock())) throw problems.trialEnded();
  return payerOf(tenant, pool.platformDownloadTier);
}
