import { describe, expect, it } from "vitest";
import { mayDo, operations, type OperationId, type Role } from "../../src/core/roles.ts";

const reading = [
  "plans.list",
  "tenant.get",
  "keys.list",
  "keys.get",
  "usage.get",
  "latency.get",
  "quota.get",
  "invoices.list",
  "invoices.get",
  "cache.explain",
  "upstream-key.get",
  "users.list",
  "alerts.list",
] as const;
const managing = [
  ...reading,
  "tenant.update",
  "keys.issue",
  "keys.rotate",
  "keys.revoke",
  "cache.purge",
  "cache.report-dead-url",
  "upstream-key.set",
  "upstream-key.remove",
  "audit.list",
  "webhooks.list",
  "webhooks.get",
  "webhooks.create",
  "webhooks.delete",
  "webhook-deliveries.list",
  "webhook-deliveries.replay",
] as const;

/** Written out a second time on purpose: a slip in the table of `core/roles.ts` is an open door. */
const expected: Readonly<Record<Role, readonly OperationId[]>> = {
  operator: Object.keys(operations) as OperationId[],
  owner: [...managing, "users.set", "users.remove"],
  admin: managing,
  member: reading,
  "manage-key": managing,
  "data-key": ["cache.explain", "cache.report-dead-url"],
  "publishable-key": [],
};

describe("who may do what", () => {
  it.each(Object.keys(expected) as Role[])("%s may do exactly what is written here", (role) => {
    const may = (Object.keys(operations) as OperationId[]).filter((operation) => mayDo(role, operation));
    expect(may.toSorted()).toEqual([...expected[role]].toSorted());
  });

  it("nothing of the platform's is for anybody but the operator", () => {
    const ofPlatform = Object.entries(operations).filter(([, { scope }]) => scope === "platform");
    expect(ofPlatform.length).toBeGreaterThan(5);
    for (const [, { roles }] of ofPlatform) expect(roles).toEqual(["operator"]);
  });
});
