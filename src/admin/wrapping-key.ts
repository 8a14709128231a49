import { Hono } from "hono";
import { PLATFORM } from "../core/act.ts";
import type { ChangeLog, ControlQueue, Vault, WrappedSecrets } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import { WrappingRotation } from "../core/resources.ts";
import { rewrap, type SealedSecret } from "../core/sealed-key.ts";
import { currentVersion } from "../core/versioned.ts";
import { authorize, type AuthorizePorts } from "./authorize.ts";
import { body, NoBody } from "./describe.ts";
import { actOf, idempotent, rowOf, type IdempotentPorts } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";

export type RewrapPorts = {
  readonly vault: Vault;
  /** Every store of sealed secrets: what one that is left out holds would be lost with the old wrapping key. */
  readonly wrappedSecrets: readonly WrappedSecrets<SealedSecret>[];
  readonly keks: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly random: (bytes: number) => Uint8Array;
  /** How many secrets one call takes on: each is a statement of its own. */
  readonly rewrapAtOnce: number;
  readonly changes: ChangeLog;
  readonly controlQueue: ControlQueue;
  readonly log: Log;
};

export type WrappingKeyPorts = RewrapPorts & AuthorizePorts & IdempotentPorts;

/**
 * Wraps secrets with the newest wrapping key, some at a time: called until nothing remains, by whoever, as often as one likes. A call that
 * was cut off has done a part of it, and the next one goes on with the rest.
 */
export const wrappingKeyRoute = (s: WrappingKeyPorts) =>
  new Hono<AdminEnv>().post(
    "/rotate",
    authorize(s)("wrapping-key.rotate", {
      summary: "Wrap stored secrets with the newest wrapping key; repeat until nothing remains",
      responses: { 200: WrappingRotation },
    }),
    body(NoBody),
    idempotent(s),
    async (c) => {
      const rotation = await rotate(s);
      const act = actOf(c, { action: "wrapping-key.rotate", subject: PLATFORM, detail: rotation });
      return c.json(rowOf(await s.vault.noteRotation(act, rotation)));
    },
  );

async function rotate(ports: RewrapPorts): Promise<WrappingRotation> {
  const { version } = currentVersion(await ports.keks());
  const counts = { rewrapped: 0, unreadable: 0, overtaken: 0 };
  const tenantIds = new Set<string>();
  for (const store of ports.wrappedSecrets) {
    for (const sealed of await store.wrappedBefore(version, ports.rewrapAtOnce - counts.rewrapped)) {
      counts[await rewrapOne(ports, store, sealed)] += 1;
      tenantIds.add(sealed.tenantId);
    }
  }
  await tellIsolates(ports, [...tenantIds]);
  const left = await Promise.all(ports.wrappedSecrets.map((store) => store.countWrappedBefore(version)));
  const { rewrapped, unreadable } = counts;
  return { version, rewrapped, unreadable, remaining: left.reduce((sum, count) => sum + count, 0) };
}

/** `overtaken`: another call did it, or the secret was replaced; both leave nothing to do. */
async function rewrapOne(
  { keks, random, log }: RewrapPorts,
  store: WrappedSecrets<SealedSecret>,
  sealed: SealedSecret,
): Promise<"rewrapped" | "unreadable" | "overtaken"> {
  const { version: kekVersion, value: kek } = currentVersion(await keks());
  const rewrapped = await rewrap(sealed, await keks(), { kek, kekVersion, random });
  if (rewrapped === undefined) {
    log.error("secret-not-rewrapped", { id: sealed.id, tenantId: sealed.tenantId, kekVersion: sealed.kekVersion });
    return "unreadable";
  }
  return (await store.rewrap(rewrapped, sealed.kekVersion)) ? "rewrapped" : "overtaken";
}

/** Records of gateway keys carry the tenant's sealed upstream key: with the old wrapping it will not open once the old key is gone. */
async function tellIsolates({ changes, controlQueue }: RewrapPorts, tenantIds: readonly string[]): Promise<void> {
  if (tenantIds.length === 0) return;
  const all = tenantIds.map((tenantId) => ({ kind: "tenant", tenantId }) as const);
  if ((await changes.publish(all)) === "published") return;
  await controlQueue.send(all.map((change) => ({ kind: "change", change })));
}
