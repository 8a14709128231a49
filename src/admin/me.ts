import { Hono } from "hono";
import * as v from "valibot";
import { described } from "./describe.ts";
import type { AdminEnv, Caller } from "./request.ts";

const Me = v.variant("kind", [
  v.object({ kind: v.literal("operator") }),
  v.object({ kind: v.literal("key"), key_id: v.string(), tenant_id: v.string(), role: v.string() }),
  v.object({ kind: v.literal("person"), user_id: v.string(), subject: v.string() }),
]);

/** Who one is to the control plane: the one thing that everybody may ask. */
export const me = () =>
  new Hono<AdminEnv>().get(
    "/",
    described(async (_c, next) => next(), { operation: "me.get", summary: "Say who I am", responses: { 200: Me } }),
    (c) => c.json(view(c.var.caller)),
  );

function view(caller: Caller): v.InferOutput<typeof Me> {
  switch (caller.kind) {
    case "operator":
      return { kind: "operator" };
    case "key":
      return { kind: "key", key_id: caller.keyId, tenant_id: caller.tenantId, role: caller.role };
    case "person":
      return { kind: "person", user_id: caller.userId, subject: caller.subject };
    default:
      return caller satisfies never;
  }
}
