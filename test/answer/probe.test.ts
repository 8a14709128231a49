import { expect, it } from "vitest";
import { probe } from "../../src/answer/probe.ts";
import type { SealedUpstreamKey } from "../../src/core/tenant.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";

const sealed: SealedUpstreamKey = {
  id: "0199c0de-0000-7000-8000-0000000000aa",
  tenantId: "0199c0de-0000-7000-8000-00000000000a",
  version: 2,
  downloadTier: false,
  kekVersion: 1,
  wrapIv: "",
  wrappedKey: "",
  iv: "",
  ciphertext: "",
};

function trial() {
  const t = timeline();
  const key = { id: sealed.id, secret: "on trial", cap: 200, owner: "tenant" } as const;
  const upstreamKeys = { open: async () => ({ kind: "opened", keys: [key] }) as const };
  const { call, background } = t.ask(CALL);
  return { ...t, ports: { ...t.ports, upstreamKeys }, probing: { sealed, call, requestId: "request", background } };
}

it("spends like everything else: reserves, dispatches and settles to the tenant under the key on trial", async () => {
  const t = trial();
  expect(await probe(t.ports, t.probing)).toEqual({
    kind: "probed",
    outcome: "success",
    json: { id: "107955" },
    creditsCharged: 1,
    creditsInDoubt: 0,
  });
  await t.settled();
  expect(t.story).toEqual(["reserve", "dispatch", "settle success 1+0"]);
  expect(t.sent).toMatchObject([{ tenantId: sealed.tenantId, upstreamKeyId: sealed.id, requestId: "request" }]);
});

it("is settled though its client left before the reply came, because the platform was asked to wait for that", async () => {
  const t = trial();
  const [sent, reply] = [Promise.withResolvers<void>(), Promise.withResolvers<ReturnType<typeof json>>()];
  t.replies(() => (sent.resolve(), reply.promise));
  void probe(t.ports, t.probing);
  await sent.promise;
  const settled = t.settled();
  reply.resolve(json('{"id":"107955"}'));
  await settled;
  expect(t.story).toEqual(["reserve", "dispatch", "settle success 1+0"]);
});

it("dispatches again what is in every cache, because another key's answer says nothing of this one", async () => {
  const t = trial();
  await probe(t.ports, t.probing);
  await probe(t.ports, t.probing);
  await t.settled();
  expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
});

it("says what a refused key cost: nothing", async () => {
  const t = trial();
  t.replies(async () => json('{"message":"Api-Key is not available"}'));
  expect(await probe(t.ports, t.probing)).toMatchObject({ outcome: "account_error", creditsCharged: 0 });
});

it("says what is in doubt when no reply came", async () => {
  const t = trial();
  t.replies(async () => ({ kind: "failed", reason: "timeout", status: 0 }));
  expect(await probe(t.ports, t.probing)).toMatchObject({ outcome: "timeout", creditsCharged: 0, creditsInDoubt: 1 });
});

it("dispatches nothing without the ledger, and takes back what may have been reserved", async () => {
  const t = trial();
  const reserve = async (order: Parameters<typeof t.ledger.reserve>[0]) => {
    await t.ledger.reserve(order);
    return { kind: "unavailable" } as const;
  };
  const ports = { ...t.ports, ledger: { ...t.ports.ledger, reserve } };
  expect(await probe(ports, t.probing)).toEqual({ kind: "unavailable" });
  await t.settled();
  expect(t.story).toEqual([]);
  expect(await t.ledger.abandoned(0, 10), "no reservation is left open").toEqual([]);
});

it("dispatches nothing when the key does not open", async () => {
  const t = trial();
  const ports = { ...t.ports, upstreamKeys: { open: async () => ({ kind: "unavailable" }) as const } };
  expect(await probe(ports, t.probing)).toEqual({ kind: "unavailable" });
  expect(t.story).toEqual([]);
});
