/** Who asks: the platform's operator, a person by their role in the tenant, or a gateway key by its permissions. */
export type Role = "operator" | "owner" | "admin" | "member" | "manage-key" | "data-key" | "publishable-key";

/**
 * What an operation is done on. `platform`: everything, and nothing of one tenant. `tenant`: the caller's own tenant, or the one that the
 * operator names. `either`: the operator may name none, and then it is the platform's own.
 */
export type Scope = "platform" | "tenant" | "either";

type Rule = {
  readonly scope: Scope;
  readonly roles: readonly Role[];
  /** For the operator on a deleted tenant too: about what outlives it. */
  readonly ofDeleted?: true;
};

const OPERATOR: readonly Role[] = ["operator"];
const PEOPLE: readonly Role[] = ["operator", "owner"];
const MANAGERS: readonly Role[] = ["operator", "owner", "admin", "manage-key"];
const READERS: readonly Role[] = [...MANAGERS, "member"];
/** A key for data too, of the calls that it may make. A publishable one is everybody's. */
const ASKERS: readonly Role[] = [...READERS, "data-key"];
/** Programs that read data, and whoever manages them: what they meet there they may report. */
const REPORTERS: readonly Role[] = [...MANAGERS, "data-key"];

/** Every operation of the control plane, and who may do it. A route without a row here does not exist. */
export const operations = {
  "tenants.create": { scope: "platform", roles: OPERATOR },
  "tenants.list": { scope: "platform", roles: OPERATOR },
  "tenants.get": { scope: "platform", roles: OPERATOR },
  "tenants.update": { scope: "platform", roles: OPERATOR },
  "tenants.suspend": { scope: "platform", roles: OPERATOR },
  "tenants.resume": { scope: "platform", roles: OPERATOR },
  "tenants.delete": { scope: "platform", roles: OPERATOR },
  "platform-keys.list": { scope: "platform", roles: OPERATOR },
  "platform-keys.restore": { scope: "platform", roles: OPERATOR },
  "platform-keys.readings": { scope: "platform", roles: OPERATOR },
  "platform-keys.add-reading": { scope: "platform", roles: OPERATOR },
  "platform-keys.balance": { scope: "platform", roles: OPERATOR },
  "platform.spending": { scope: "platform", roles: OPERATOR },
  "platform.backlog": { scope: "platform", roles: OPERATOR },
  "platform.health": { scope: "platform", roles: OPERATOR },
  "platform.hot-set": { scope: "platform", roles: OPERATOR },
  "dead-messages.list": { scope: "platform", roles: OPERATOR },
  "dead-messages.get": { scope: "platform", roles: OPERATOR },
  "dead-messages.replay": { scope: "platform", roles: OPERATOR },
  "dead-messages.drop": { scope: "platform", roles: OPERATOR },
  "wrapping-key.rotate": { scope: "platform", roles: OPERATOR },
  "plans.list": { scope: "either", roles: READERS },
  "tenant.get": { scope: "tenant", roles: READERS },
  "tenant.update": { scope: "tenant", roles: MANAGERS },
  "keys.list": { scope: "tenant", roles: READERS },
  "keys.get": { scope: "tenant", roles: READERS },
  "keys.issue": { scope: "tenant", roles: MANAGERS },
  "keys.rotate": { scope: "tenant", roles: MANAGERS },
  "keys.revoke": { scope: "tenant", roles: MANAGERS },
  "usage.get": { scope: "tenant", roles: READERS, ofDeleted: true },
  "latency.get": { scope: "tenant", roles: READERS, ofDeleted: true },
  "quota.get": { scope: "tenant", roles: READERS },
  "invoices.list": { scope: "tenant", roles: READERS, ofDeleted: true },
  "invoices.get": { scope: "tenant", roles: READERS, ofDeleted: true },
  "cache.explain": { scope: "tenant", roles: ASKERS },
  // Without a tenant the operator purges pools.
  "cache.purge": { scope: "either", roles: MANAGERS },
  "cache.report-dead-url": { scope: "tenant", roles: REPORTERS },
  "upstream-key.get": { scope: "tenant", roles: READERS },
  "upstream-key.set": { scope: "tenant", roles: MANAGERS },
  "upstream-key.remove": { scope: "tenant", roles: MANAGERS },
  // A key is nobody's person: one that leaked must not make its holder an owner for good.
  "users.list": { scope: "tenant", roles: READERS },
  "users.set": { scope: "tenant", roles: PEOPLE },
  "users.remove": { scope: "tenant", roles: PEOPLE },
  "alerts.list": { scope: "either", roles: READERS },
  "audit.list": { scope: "either", roles: MANAGERS, ofDeleted: true },
  "webhooks.list": { scope: "either", roles: MANAGERS },
  "webhooks.get": { scope: "either", roles: MANAGERS },
  "webhooks.create": { scope: "either", roles: MANAGERS },
  "webhooks.delete": { scope: "either", roles: MANAGERS },
  "webhook-deliveries.list": { scope: "either", roles: MANAGERS },
  "webhook-deliveries.replay": { scope: "either", roles: MANAGERS },
} as const satisfies Readonly<Record<string, Rule>>;

export type OperationId = keyof typeof operations;

/** Whether the table lets this role do it. */
export function mayDo(role: Role, operation: OperationId): boolean {
  return ruleOf(operation).roles.includes(role);
}

/** The operation's row of the table. */
export function ruleOf(operation: OperationId): Rule {
  return operations[operation];
}
