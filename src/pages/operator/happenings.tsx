import type { Child, FC } from "hono/jsx";
import * as v from "valibot";
import type { AlertView } from "../../core/resources.ts";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";

const Drift = v.object({ tenant_id: v.string(), window: v.string(), counted: v.number(), booked: v.number() });
const KeyOut = v.object({ upstream_key_id: v.string(), reason: v.string() });

/** What happened to the platform itself; a ledger that drifted among it. */
export const Happenings: FC<{ readonly alerts: readonly AlertView[] }> = ({ alerts }) => (
  <Table
    caption="What happened to the platform, newest first"
    columns={[{ head: "When" }, { head: "What" }, { head: "Details", wraps: true }]}
    empty="The ledger has not drifted, no upstream key was taken out, and no month of the books is missing."
    rows={alerts.map((alert) => [
      time(alert.at),
      <span class={`badge ${alert.event === "platform_key.balance_low" ? "warn" : "bad"}`}>{alert.event}</span>,
      said(alert),
    ])}
  />
);

/** In words what is known here, and else as it was told. */
function said({ event, data }: AlertView): Child {
  const drift = v.safeParse(Drift, data);
  if (event === "ledger.drift" && drift.success) {
    const { tenant_id: tenantId, window, counted, booked } = drift.output;
    return `The ${window} counter of tenant ${tenantId} said ${count(counted)}, and the books ${count(booked)}: it was raised. Redis has lost something.`;
  }
  const out = v.safeParse(KeyOut, data);
  if (event === "platform_key.out" && out.success)
    return `${out.output.upstream_key_id} was taken out, for the upstream said: ${out.output.reason}`;
  return <code>{JSON.stringify(data)}</code>;
}
