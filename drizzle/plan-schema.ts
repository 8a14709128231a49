import { boolean, integer, text } from "drizzle-orm/pg-core";
import { app } from "./columns.ts";

export const planNames = ["free", "pro", "enterprise"] as const;

/** What a plan grants and costs. A quota of null is no quota. */
export const plans = app.table("plans", {
  name: text({ enum: planNames }).primaryKey(),
  burstCapacity: integer("burst_capacity").notNull(),
  burstRefillPerSecond: integer("burst_refill_per_second").notNull(),
  dailyQuota: integer("daily_quota"),
  monthlyQuota: integer("monthly_quota"),
  monthlyPriceCents: integer("monthly_price_cents").notNull(),
  overageCentsPerThousandCredits: integer("overage_cents_per_thousand_credits").notNull(),
  /** Whether its tenants may bring an upstream key of their own. */
  ownKey: boolean("own_key").notNull(),
});
