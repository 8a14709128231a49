import { sql } from "drizzle-orm";
import type { AlertView } from "../core/resources.ts";
import type { Alerts } from "../core/webhook-ports.ts";
import { withTenant, type Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery } from "./neon-rows.ts";

const AT = iso("created_at");

/** By when it happened: the id of a threshold has the time at which its window began. */
const placeOf = ({ at, id }: Pick<AlertView, "at" | "id">) => `${at}_${id}`;

/** The events of webhooks in Postgres, as `app_rw`. */
export function neonAlerts(database: Database): Alerts {
  return {
    async list(tenantId, page) {
      const columns = sql<AlertView>`id, at, type AS event, data`;
      const from = sql`(SELECT id, type, data, ${AT} AS at, ${AT} || '_' || id AS place FROM app.webhook_events
        WHERE tenant_id = ${tenantId}) AS events`;
      const [listed] = await withTenant(database, tenantId, [
        pageQuery({ columns, from, id: "place", order: "DESC" }, page),
      ]);
      return pageOf(listed, page, placeOf);
    },
  };
}
