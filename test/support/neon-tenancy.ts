import { startNeon } from "../../dev/neon.ts";
import { connect } from "../../src/adapters/neon-database.ts";
import { tenancyDatabase } from "./tenancy-database.ts";

/** What the SQL endpoint is to do with requests to come: see the fault switch of the local stack. */
export type SqlFault = {
  readonly kind: "down" | "delay" | "drop-reply" | "status";
  readonly delayMs?: number;
  readonly contains?: string;
};

export type NeonTenancy = Awaited<ReturnType<typeof neonTenancy>>;

/** The database with two tenants, behind the local SQL endpoint, as the Worker reaches it. */
export async function neonTenancy() {
  const database = await tenancyDatabase();
  const neon = await startNeon({ postgresUrl: database.url });
  return {
    ...database,
    connectAs: (role: "rw" | "auth" | "ops", timeoutMs = 10_000) =>
      connect(database.urls[role], { sqlEndpoint: neon.url, timeoutMs }),
    /** Breaks the next request that the fault fits. */
    async breakNext(fault: SqlFault): Promise<void> {
      const response = await fetch(`${neon.url}/__faults`, { method: "POST", body: JSON.stringify(fault) });
      if (!response.ok) throw new Error(`the endpoint takes no such fault: ${await response.text()}`);
    },
    async close() {
      await neon.stop();
      await database.close();
    },
  };
}
