import { describe, expect, it } from "vitest";
import { upstashLedger } from "../../src/adapters/upstash-ledger.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { silentLog } from "../support/silent-log.ts";
import { ledgerContract } from "./ledger.contract.ts";

const order = {
  tenantId: "00000000-0000-4000-8000-000000000001",
  candidates: [{ id: "platform-0001", cap: null }],
  endpoint: "/userid/",
  credits: 1,
  requestId: "0192d3a0-0000-7000-8000-000000000000",
};

describe("the ledger in Redis", () => {
  const redis = useLocalRedis();

  const ledger = () => upstashLedger(redis().client, silentLog);
  const nowMs = async () => {
    const [seconds, micros] = await redis().direct.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  ledgerContract(async () => ({ ledger: ledger(), nowMs }));

  it("reserves once when the reply is lost after execution and the command is sent again", async () => {
    const request = { ...order, randomBits: "0123456789abcdef0123" };
    await ledger().reserve({ ...request, randomBits: "ffffffffffffffffffff" });
    await redis().fault({ kind: "drop-reply" });
    expect(await ledger().reserve(request)).toEqual({ kind: "unavailable" });
    expect(await ledger().reserve(request)).toMatchObject({ kind: "reserved" });
    expect(await redis().direct.zcard("tkl:open-since")).toBe(2);
  });

  it("leaves nothing of what it takes back, because the sweep would find the time of a reservation that is gone", async () => {
    const request = { ...order, randomBits: "00000000000000000002" };
    await ledger().reserve(request);
    expect(await redis().direct.zcard("tkl:open-since")).toBe(1);
    await ledger().release(request.randomBits);
    expect(await redis().direct.zcard("tkl:open-since")).toBe(0);
    expect(await redis().direct.hlen("tkl:open")).toBe(0);
  });

  it.each([
    { kind: "a tenant's own key", caps: [null], cost: 5 },
    { kind: "the platform's one key", caps: [200], cost: 7 },
    { kind: "one of the platform's three", caps: [200, 200, 100], cost: 7 },
  ])(
    "costs $cost commands to reserve on $kind, of 10 at most, and 5 to settle, of 6, because commands inside a script are billed",
    async ({ caps, cost }) => {
      const { candidates: _, ...ordered } = order;
      const candidates = caps.map((cap, at) => ({ id: `key-${at}`, cap }));
      let reserved = { eventId: "", upstreamKeyId: "" };
      const reserving = await redis().commandsOf(async () => {
        const request = { ...ordered, candidates, randomBits: "00000000000000000001" };
        const reservation = await ledger().reserve(request);
        if (reservation.kind === "reserved") reserved = reservation;
      });
      const { eventId, upstreamKeyId } = reserved;
      const { credits, ...rest } = ordered;
      const ended = { status: 200, outcome: "success", creditsCharged: credits, creditsInDoubt: 0 } as const;
      const event = { ...rest, ...ended, eventId, upstreamKeyId, occurredAtMs: 0 };
      const settling = await redis().commandsOf(() => ledger().settle(event));
      expect({ reserving, settling }).toEqual({ reserving: cost, settling: 5 });
    },
  );
});

describe("the ledger in memory", () => {
  ledgerContract(async () => ({ ledger: memoryLedger(Date.now), nowMs: async () => Date.now() }));
});
