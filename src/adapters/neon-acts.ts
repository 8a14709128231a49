import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { actorId } from "../core/act.ts";
import type { Act, Acted } from "../core/act.ts";
import { query } from "./neon-database.ts";
import type { asOperator, Database, withTenant } from "./neon-database.ts";

/** One act on a tenant, or on the platform. */
export type Deed = {
  readonly tenantId: string;
  /** `WITH ... act AS (...)`: changes what is to be changed, and `act` has the row as it is then, or none. */
  readonly change: SQL;
  /** When nothing was changed although `exists` finds a row, that is a conflict; without a row the thing is absent. */
  readonly refusal?: { readonly exists: SQL; readonly because: string };
  /** A unique key that another request may have taken: a conflict. */
  readonly taken?: { readonly constraint: string; readonly because: string };
};

/**
 * Acts as `withTenant` or `asOperator` does: one transaction that changes, writes the audit log, remembers the outcome and notes the
 * event, or does none of it. Acts on one tenant happen one after another. The same statements run whether the thing is absent,
 * another tenant's, or there.
 */
export function neonActs(database: Database, enter: typeof withTenant | typeof asOperator) {
  return async function perform<Row>(act: Act, deed: Deed): Promise<Acted<Row>> {
    try {
      const [, , changed, looked] = await enter(database, deed.tenantId, [
        query(lockTenant(deed.tenantId)),
        query(forgetOutcomes(act)),
        query<{ row: Row }>(sql`${deed.change}${noted(act, deed.tenantId)} SELECT to_jsonb(act) AS row FROM act`),
        query<{ repeated: boolean; refused: boolean }>(whyNot(act, deed)),
      ]);
      const [done] = changed.rows;
      if (done !== undefined) return { kind: "done", row: done.row };
      const [why] = looked.rows;
      if (why?.repeated === true) return { kind: "repeated" };
      if (why?.refused === true && deed.refusal) return { kind: "conflict", because: deed.refusal.because };
      return { kind: "absent" };
    } catch (error) {
      return refusedAs(error, deed);
    }
  };
}

/** How long a first outcome is remembered. */
export const REMEMBERED = sql`interval '24 hours'`;

/**
 * Its own statement, for a statement sees what was committed before it began: whoever waited here then sees what the one before it did. So
 * two owners cannot each remove the other, and a key is not issued to a tenant while it is deleted.
 */
function lockTenant(tenantId: string): SQL {
  return sql`SELECT FROM app.tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`;
}

/** A key that was used more than a day ago may be used again. */
function forgetOutcomes({ idempotency }: Act): SQL {
  return sql`DELETE FROM app.idempotency_keys
    WHERE tenant_id = ${idempotency?.scope ?? null} AND created_at < now() - ${REMEMBERED}`;
}

/** What goes with a change: its line in the audit log, its outcome, its event. */
function noted(act: Act, tenantId: string): SQL {
  return sql`, noted AS (
      INSERT INTO app.audit_log (tenant_id, actor_kind, actor_id, action, subject, request_id, detail)
      SELECT ${tenantId}::uuid, ${act.actor.kind}, ${actorId(act.actor)}, ${act.action}, ${act.subject}, ${act.requestId},
             ${JSON.stringify(act.detail ?? {})}::jsonb
      FROM act
    )${remembered(act)}${announced(act, tenantId)}`;
}

function remembered({ idempotency }: Act): SQL {
  if (idempotency === undefined) return sql``;
  const { scope, key, fingerprint, status, body } = idempotency;
  const outcome = body === undefined ? sql`to_jsonb(act)` : sql`${JSON.stringify(body)}::jsonb`;
  return sql`, remembered AS (
      INSERT INTO app.idempotency_keys (tenant_id, key, fingerprint, status, body)
      SELECT ${scope}::uuid, ${key}, ${fingerprint}, ${status}::int, ${outcome} FROM act
    )`;
}

function announced({ event }: Act, tenantId: string): SQL {
  if (event === undefined) return sql``;
  return sql`, announced AS (
      INSERT INTO app.webhook_events (tenant_id, id, type, data)
      SELECT ${tenantId}::uuid, ${event.id}::uuid, ${event.type}, ${JSON.stringify(event.data)}::jsonb FROM act
    )`;
}

function whyNot({ idempotency }: Act, { refusal }: Deed): SQL {
  return sql`SELECT
    EXISTS (SELECT FROM app.idempotency_keys
            WHERE tenant_id = ${idempotency?.scope ?? null} AND key = ${idempotency?.key ?? null}) AS repeated,
    EXISTS (${refusal?.exists ?? sql`SELECT WHERE false`}) AS refused`;
}

/** Twins that were not kept apart by the tenant's lock meet here: PostgreSQL lets one of two equal keys in. */
function refusedAs<Row>(error: unknown, { taken }: Deed): Acted<Row> {
  const constraint = error instanceof Error && "constraint" in error ? error.constraint : undefined;
  if (constraint === "idempotency_keys_tenant_id_key_pk") return { kind: "repeated" };
  if (taken !== undefined && constraint === taken.constraint) return { kind: "conflict", because: taken.because };
  throw error;
}
