import * as v from "valibot";
import { Uuid } from "./resources.ts";

/**
 * What was changed in Postgres and must be known everywhere: one gateway key (revoked, rotated), or a tenant and all of its keys
 * (suspended, its plan, its scope, its upstream key).
 */
const Change = v.variant("kind", [
  v.object({ kind: v.literal("key"), keyId: v.pipe(v.string(), v.regex(/^[0-9A-Za-z]{12}$/)) }),
  v.object({ kind: v.literal("tenant"), tenantId: Uuid }),
]);

export type Change = v.InferOutput<typeof Change>;

/** The change in `value`, or nothing when it is none that this version knows. */
export function parseChange(value: unknown): Change | undefined {
  const read = v.safeParse(Change, value);
  return read.success ? read.output : undefined;
}
