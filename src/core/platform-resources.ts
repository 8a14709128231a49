import * as v from "valibot";
import { PlanName, Uuid } from "./resources.ts";
import { Month } from "./statement-resources.ts";

/** What `/v1/platform` says of the whole deployment, to its operator. Credits are whole numbers, money is in cents. */

const Instant = v.pipe(v.string(), v.isoTimestamp());

const money = {
  calls: v.number(),
  hits: v.number(),
  credits_charged: v.number(),
  /** Of those charged: what the tenant paid the upstream for itself. It costs the platform nothing, and earns it nothing. */
  credits_on_own_key: v.number(),
  /** What the upstream may have taken besides: in no cost, and so in no margin. */
  credits_in_doubt: v.number(),
  /** What the invoice of the month would come to now, without adjustments; nothing for the tenant in `PUBLIC_TENANT`. */
  amount_cents: v.number(),
  /** What the credits charged on the platform's keys cost it, to a thousandth of a cent. */
  upstream_cents: v.number(),
  /** The one less the other. */
  margin_cents: v.number(),
};

export const TenantSpending = v.object({
  tenant_id: Uuid,
  tenant: v.string(),
  status: v.picklist(["active", "suspended", "deleted"]),
  plan: PlanName,
  /** Of the amount: the plan's price of the month. */
  price_cents: v.number(),
  ...money,
});

export const SpendingView = v.object({
  /** The UTC month that it is. */
  month: Month,
  upstream_cents_per_thousand_credits: v.number(),
  /** Those that spent most first. */
  data: v.array(TenantSpending),
  /** Of all tenants, listed here or not. */
  total: v.object({ tenants: v.number(), ...money }),
});

/** What waits somewhere to be gone on with. */
export const BacklogName = v.picklist([
  "reservations",
  "outbox",
  "webhook-events",
  "webhook-deliveries",
  "dead-messages",
]);

export const BacklogView = v.object({
  data: v.array(
    v.object({
      /**
       * `reservations`: of dispatches that are under way or were never settled. `outbox`: settled events that are not known to be in the books.
       * `webhook-events`: announced to nobody yet. `webhook-deliveries`: past their time. `dead-messages`: to be decided on.
       */
      name: BacklogName,
      /** Null while the store that knows does not answer. */
      waiting: v.nullable(v.number()),
      /** Since when the oldest waits, of the outbox since it was last sent; null when nothing does. */
      since: v.nullable(Instant),
    }),
  ),
});

/** A part that the gateway stands on, as it was within the last seconds. */
export const PlatformHealth = v.object({
  status: v.picklist(["ok", "down"]),
  parts: v.record(v.string(), v.picklist(["ok", "down"])),
});

export const HotAnswer = v.object({
  /** In whose view: `pool:<region>` or `tenant:<id>`. */
  scope: v.string(),
  /** The call, as the upstream gets it. */
  path: v.string(),
  /** Requests a minute, of which old ones count less and less. */
  per_minute: v.number(),
});

export type TenantSpending = v.InferOutput<typeof TenantSpending>;
export type SpendingView = v.InferOutput<typeof SpendingView>;
export type BacklogView = v.InferOutput<typeof BacklogView>;
export type BacklogName = v.InferOutput<typeof BacklogName>;
export type PlatformHealth = v.InferOutput<typeof PlatformHealth>;
export type HotAnswer = v.InferOutput<typeof HotAnswer>;
