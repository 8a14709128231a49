import { sql } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { PlatformLog } from "../core/control-ports.ts";
import { neonActs } from "./neon-acts.ts";
import { withTenant, type Database } from "./neon-database.ts";

/** Acts that change nothing in Postgres, in the platform's own audit log. As `app_rw`: to it the platform is one tenant among others. */
export function neonPlatformLog(database: Database): PlatformLog {
  const perform = neonActs(database, withTenant);
  const taken = { constraint: "webhook_events_tenant_id_id_pk", because: "It was told before." };
  return {
    note: (act) => perform(act, { tenantId: PLATFORM, change: sql`WITH act AS (SELECT true AS noted)`, taken }),
  };
}
