import { Hono } from "hono";
import * as v from "valibot";
import type { TenantStatus } from "../core/ledger.ts";
import { CacheScope, OnInvalidKey, PlanName, PlanView, TenantView, Uuid } from "../core/resources.ts";
import { problems } from "../core/problem.ts";
import type { Services } from "../core/services.ts";
import { TenantWindows, widened } from "../core/tenant-windows.ts";
import { usualWindows } from "../core/windows.ts";
import { authorize } from "./authorize.ts";
import { confirmed } from "./confirmed.ts";
import { body, NoBody, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, Instant, Label, pageAsked, Paged, pageOf, PageQuery, Pending, Region } from "./shapes.ts";

const Quota = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0, "is below 0"), v.maxValue(2_000_000_000)));

const NewTenant = v.strictObject({
  name: Label,
  plan: v.optional(PlanName, "free"),
  region: v.optional(Region, "default"),
  on_invalid_key: v.optional(OnInvalidKey, "shared"),
  trial_ends_at: v.optional(v.nullable(Instant), null),
  monthly_quota: v.optional(Quota, null),
});

const changesSomething = v.check(
  (change: Readonly<Record<string, unknown>>) => Object.keys(change).length > 0,
  "changes nothing",
);

const TenantChange = v.pipe(
  v.strictObject({
    name: v.exactOptional(Label),
    plan: v.exactOptional(PlanName),
    region: v.exactOptional(Region),
    on_invalid_key: v.exactOptional(OnInvalidKey),
    trial_ends_at: v.exactOptional(v.nullable(Instant)),
    monthly_quota: v.exactOptional(Quota),
  }),
  changesSomething,
);

const OwnChange = v.pipe(
  v.strictObject({
    name: v.exactOptional(Label),
    cache_scope: v.exactOptional(CacheScope),
    windows: v.exactOptional(v.nullable(TenantWindows)),
  }),
  changesSomething,
);

const TenantId = v.strictObject({ tenantId: Uuid });

export type TenantsPorts = Pick<
  Services,
  | "tenants"
  | "users"
  | "outcomes"
  | "peppers"
  | "changes"
  | "counters"
  | "controlQueue"
  | "newRequestId"
  | "log"
  | "windowOverrides"
>;

/** Tenants, as the operator keeps them: who signs up is made here, and who leaves is deleted here. */
export const tenantsRoute = (s: TenantsPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .post(
      "/",
      may("tenants.create", { summary: "Create a tenant on the platform's keys", responses: { 201: TenantView } }),
      body(NewTenant),
      once,
      async (c) => {
        const tenant = { id: s.newRequestId(), ...c.req.valid("json") };
        const act = actOf(c, { action: "tenant.create", subject: tenant.id, detail: tenant, status: 201 });
        return c.json(rowOf(await s.tenants.create(act, tenant)), 201);
      },
    )
    .get(
      "/",
      may("tenants.list", { summary: "List tenants, deleted ones too", responses: { 200: Paged(TenantView) } }),
      query(PageQuery(Uuid)),
      async (c) => c.json(pageOf(await s.tenants.list(pageAsked(c.req.valid("query"))))),
    )
    .get(
      "/:tenantId",
      may("tenants.get", { summary: "Read a tenant", responses: { 200: TenantView } }),
      params(TenantId),
      async (c) => c.json(found(await s.tenants.find(c.req.valid("param").tenantId))),
    )
    .patch(
      "/:tenantId",
      may("tenants.update", {
        summary: "Change a tenant's name, plan, trial, quota or region",
        responses: { 200: Pending(TenantView) },
      }),
      params(TenantId),
      body(TenantChange),
      once,
      async (c) => {
        const { tenantId } = c.req.valid("param");
        const change = c.req.valid("json");
        const act = actOf(c, { action: "tenant.update", subject: tenantId, detail: change });
        const { result, pending } = await confirmed(s, { kind: "tenant", tenantId }, () =>
          s.tenants.change(act, tenantId, change),
        );
        return c.json({ ...rowOf(result), pending });
      },
    )
    .route("/", standingRoute(s));
};

/** Suspending takes back nothing but the right to ask; deleting cannot be taken back. */
const standingRoute = (s: TenantsPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  const setStatus = async (act: Parameters<typeof s.tenants.setStatus>[0], status: TenantView["status"]) => {
    const tenantId = act.subject;
    const { result, pending } = await confirmed(s, { kind: "tenant", tenantId }, () =>
      s.tenants.setStatus(act, tenantId, status),
    );
    const row = rowOf(result);
    await tellLedger(s, tenantId, status);
    return { ...row, pending };
  };
  return new Hono<AdminEnv>()
    .post(
      "/:tenantId/suspend",
      may("tenants.suspend", {
        summary: "Suspend a tenant: its keys get 403",
        responses: { 200: Pending(TenantView) },
      }),
      params(TenantId),
      body(NoBody),
      once,
      async (c) => {
        const act = actOf(c, { action: "tenant.suspend", subject: c.req.valid("param").tenantId });
        return c.json(await setStatus(act, "suspended"));
      },
    )
    .post(
      "/:tenantId/resume",
      may("tenants.resume", { summary: "Lift a suspension", responses: { 200: Pending(TenantView) } }),
      params(TenantId),
      body(NoBody),
      once,
      async (c) => {
        const act = actOf(c, { action: "tenant.resume", subject: c.req.valid("param").tenantId });
        return c.json(await setStatus(act, "active"));
      },
    )
    .delete(
      "/:tenantId",
      may("tenants.delete", {
        summary: "Delete a tenant: its keys end, its usage is kept",
        responses: { 200: Pending(TenantView) },
      }),
      params(TenantId),
      body(NoBody),
      once,
      async (c) => {
        const { tenantId } = c.req.valid("param");
        const act = actOf(c, { action: "tenant.delete", subject: tenantId });
        const { result, pending } = await confirmed(s, { kind: "tenant", tenantId }, () =>
          s.tenants.remove(act, tenantId),
        );
        const row = rowOf(result);
        await tellLedger(s, tenantId, "deleted");
        return c.json({ ...row, pending });
      },
    );
};

/** From now on nothing is reserved for a tenant that may not ask. Fails open: the queue tells the ledger too, some seconds later. */
async function tellLedger({ counters, log }: TenantsPorts, tenantId: string, status: TenantStatus): Promise<void> {
  try {
    await counters.setStatus(tenantId, status);
  } catch (error) {
    log.error("ledger-not-told", { error, tenantId });
  }
}

/** What a tenant reads and changes of itself; what it may spend is not among it. */
export const ownTenantRoute = (s: TenantsPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/tenant",
      may("tenant.get", { summary: "Read one's own tenant", responses: { 200: TenantView } }),
      async (c) => c.json(found(await s.tenants.find(c.var.tenantId))),
    )
    .patch(
      "/tenant",
      may("tenant.update", {
        summary:
          "Change one's own tenant's name, whether it shares answers with its region, or how fresh they are to be",
        responses: { 200: Pending(TenantView) },
      }),
      body(OwnChange),
      once,
      async (c) => {
        const { tenantId } = c.var;
        const change = c.req.valid("json");
        const tooWide = widened(change.windows ?? {}, usualWindows(s.windowOverrides));
        if (tooWide.length > 0) throw problems.invalidParameters(tooWide);
        const act = actOf(c, { action: "tenant.update-own", subject: tenantId, detail: change });
        const { result, pending } = await confirmed(s, { kind: "tenant", tenantId }, () =>
          s.tenants.changeOwn(act, tenantId, change),
        );
        return c.json({ ...rowOf(result), pending });
      },
    )
    .get(
      "/plans",
      may("plans.list", {
        summary: "List the plans with their limits and prices",
        responses: { 200: Paged(PlanView) },
      }),
      async (c) => c.json({ data: [...(await s.tenants.plans())], next_cursor: null }),
    );
};
