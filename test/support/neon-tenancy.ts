import { neon as vendor, neonConfig } from "@neondatabase/serverless";
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

/** The database with two tenants, behind the local SQL endpoint, as the Worker reaches it over a pool of `connections`. */
export async function neonTenancy(connections = 10) {
  const database = await tenancyDatabase();
  const neon = await startNeon({ postgresUrl: database.url, connections });
  return {
    ...database,
    sqlEndpoint: neon.url,
    connectAs: (role: "rw" | "auth" | "ops", timeoutMs = 10_000) =>
      connect(database.urls[role], { sqlEndpoint: neon.url, timeoutMs }),
    /** A statement for nobody, over the connections that are shared: what `Database` does not let the Worker do. */
    async forNobody(role: "rw" | "auth" | "ops", text: string) {
      neonConfig.fetchEndpoint = `${neon.url}/sql`;
      return vendor(database.urls[role]).query(text);
    },
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
