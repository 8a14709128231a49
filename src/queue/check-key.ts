import type { ControlMessage } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import type { Consumed } from "./consume.ts";

export type CheckPorts = { readonly log: Log };

/** Tells the operator's log of an upstream key that was refused. */
export async function checkKey(
  { log }: CheckPorts,
  { tenantId, upstreamKeyId }: Extract<ControlMessage, { kind: "check-key" }>,
): Promise<Consumed> {
  log.info("upstream-key-to-check", { tenantId, upstreamKeyId });
  return { kind: "done" };
}
