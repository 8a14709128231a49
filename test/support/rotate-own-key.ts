import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { expect } from "vitest";
import { UpstreamKeySwap } from "../../src/core/resources.ts";
import { books } from "./books.ts";
import { storeKey } from "./cast.ts";
import { control } from "./control.ts";
import { eventually } from "./eventually.ts";
import type { Running } from "./use-gateway.ts";

/** As in production, a key retires later than any record of it may count, however late the change log is read. */
export const ROTATION_SETTINGS = {
  CONFIRM_MS: "100",
  CONFIRM_AFTER_MS: "50",
  KEY_FRESH_MS: "1000",
  KEY_RETIRE_MS: "3000",
};

type Seen = { readonly status: number; readonly sentAtMs: number; readonly tookMs: number };

const STEP_MS = 10;
const MOST_OPEN = 20;
/** How long a retired key is watched. */
const WATCHED_MS = 300;

/**
 * A tenant's own key replaced again and again, two keys in turn, under 100 requests a second, each of them paid. Once a key is retired the upstream
 * refuses it, with the status that it documents: whoever still used it would be seen by the client.
 */
export async function rotateUnderLoad({ stack, gateway, upstream }: Running, rotations: number) {
  const { query } = books(stack.database.url);
  await query(
    "UPDATE app.plans SET burst_capacity = 1000000, burst_refill_per_second = 1000000 WHERE name = 'pro'",
    [],
  );
  await upstream.setMode({ errorStyle: "documented" });
  const keys = [`first-${randomUUID()}`, `second-${randomUUID()}`] as const;
  for (const key of keys) await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
  const callsOf = async (key: string) => (await upstream.meter()).keys[key]?.calls ?? 0;

  const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
  const tenantId = String((await operator.post("/v1/tenants", { body: { name: "Rotating", plan: "pro" } })).body["id"]);
  const apiKey = await storeKey(stack, { tenantId, permissions: ["data"] });
  const bring = async (key: string) => {
    const { status, body } = await operator.put("/v1/upstream-key", { tenant: tenantId, body: { key } });
    expect(status, JSON.stringify(body)).toBe(200);
    return v.parse(UpstreamKeySwap, body);
  };
  const ask = async () => {
    const sentAtMs = Date.now();
    const response = await gateway.get(`/userid/?username=r${randomUUID().slice(0, 8)}`, { key: apiKey });
    await response.body?.cancel();
    return { status: response.status, sentAtMs, tookMs: Date.now() - sentAtMs };
  };
  await bring(keys[0]);
  await eventually(async () => {
    await ask();
    expect(await callsOf(keys[0])).toBeGreaterThan(2);
  });

  const load = steady(ask);
  let callsAfterRetirement = 0;
  try {
    for (let at = 1; at <= rotations; at += 1) {
      const [fresh, old] = at % 2 === 1 ? [keys[1], keys[0]] : [keys[0], keys[1]];
      const { previous } = await bring(fresh);
      await pause(Math.max(0, Date.parse(previous?.retires_at ?? "") - Date.now()));
      const calls = await callsOf(old);
      await upstream.setKey({ key: old, state: "suspended" });
      await pause(WATCHED_MS);
      callsAfterRetirement += (await callsOf(old)) - calls;
      await upstream.setKey({ key: old, state: "active" });
    }
  } finally {
    await load.stop();
  }
  return { callsAfterRetirement, seen: load.seen };
}

/**
 * Asks 100 times a second until it is stopped. A machine that cannot keep up is asked less often: what waits in line for
 * seconds tells nothing of a rotation.
 */
function steady(ask: () => Promise<Seen>) {
  const end = new AbortController();
  const open = new Set<Promise<void>>();
  const seen: Seen[] = [];
  const askOnce = async () => void seen.push(await ask());
  const running = (async () => {
    for (; !end.signal.aborted; await pause(STEP_MS)) {
      if (open.size >= MOST_OPEN) await Promise.race(open);
      const asked: Promise<void> = askOnce().finally(() => open.delete(asked));
      open.add(asked);
    }
    await Promise.all(open);
  })();
  return { seen, stop: () => (end.abort(), running) };
}
