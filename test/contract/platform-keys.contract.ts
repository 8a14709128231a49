import { expect, it } from "vitest";
import type { Candidate, Ledger, PlatformKeys } from "../../src/core/ports.ts";

export type PlatformKeysUnderTest = {
  readonly ledger: Ledger;
  readonly platformKeys: PlatformKeys;
  /** Returns when two milliseconds of the ledger's clock have passed. */
  tick(): Promise<void>;
};

const LONG_MS = 600_000;

/** The keys that the one under test is made with. */
export const KEYS = [
  { id: "platform-a", cap: 200 },
  { id: "platform-b", cap: 100 },
  { id: "platform-c", cap: 60 },
] as const;

const [A, B, C] = KEYS;
let orders = 0;

const reserve = async (ledger: Ledger, candidates: readonly Candidate[] = KEYS) => {
  orders += 1;
  const reservation = await ledger.reserve({
    tenantId: "00000000-0000-4000-8000-000000000001",
    endpoint: "/userid/",
    credits: 1,
    requestId: "0192d3a0-0000-7000-8000-000000000000",
    candidates,
    randomBits: `${orders.toString(16).padStart(19, "b")}0`,
  });
  if (reservation.kind !== "reserved") throw new Error("nothing was reserved");
  return reservation;
};

/** How many of so many reservations each key got, some at a time. */
const picked = async (ledger: Ledger, times: number) => {
  const ids: string[] = [];
  for (let wave = 0; wave < times; wave += 20) {
    const reservations = await Promise.all(Array.from({ length: 20 }, () => reserve(ledger)));
    ids.push(...reservations.map(({ upstreamKeyId }) => upstreamKeyId));
  }
  const [a = 0, b = 0, c = 0] = KEYS.map((key) => ids.filter((id) => id === key.id).length);
  return { a, b, c };
};

/** What a ledger promises of the platform's keys, whatever it is made of. */
export function platformKeysContract(make: (outMs: number) => Promise<PlatformKeysUnderTest>): void {
  it("spreads 360 reservations in proportion to the caps, because a key must not reach its limit before the others", async () => {
    const { ledger } = await make(LONG_MS);
    const { a, b, c } = await picked(ledger, 360);
    // Two off at the most: a minute may end in between, and each begins anew.
    for (const [count, share] of [
      [a, 200],
      [b, 100],
      [c, 60],
    ] as const)
      expect(Math.abs(count - share)).toBeLessThanOrEqual(2);
    expect(a + b + c).toBe(360);
  });

  it("answers the same bits with the same key, because the call may be on its way with it", async () => {
    const { ledger } = await make(LONG_MS);
    const first = await reserve(ledger);
    orders -= 1;
    expect(await reserve(ledger)).toEqual(first);
  });

  it("books a reservation under the key that it was made on", async () => {
    const { ledger } = await make(LONG_MS);
    const { eventId, upstreamKeyId } = await reserve(ledger, [B]);
    expect(await ledger.abandoned(-1_000, 10)).toEqual([expect.objectContaining({ eventId, upstreamKeyId })]);
  });

  it("passes over a key that is out", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    expect(await platformKeys.takeOut(A.id, "suspended")).toBe(true);
    const { a, b, c } = await picked(ledger, 20);
    expect({ a, others: b + c }).toEqual({ a: 0, others: 20 });
  });

  it("takes a key out once, because those who were on their way must neither prolong it nor alarm again", async () => {
    const { platformKeys, tick } = await make(LONG_MS);
    expect(await platformKeys.takeOut(A.id, "suspended")).toBe(true);
    const [before] = await platformKeys.list();
    await tick();
    expect(await platformKeys.takeOut(A.id, "exhausted")).toBe(false);
    expect((await platformKeys.list())[0]).toEqual(before);
  });

  it("asks a key again when its time is over, and says that it has yet to serve", async () => {
    const { ledger, platformKeys, tick } = await make(1);
    await platformKeys.takeOut(A.id, "suspended");
    await tick();
    expect(await platformKeys.list()).toMatchObject([{ state: "in-use" }, {}, {}]);
    expect(await reserve(ledger, [A])).toMatchObject({ wasOut: true });
  });

  it("takes a key that is refused again out in silence until it has served, because who was told once knows", async () => {
    const { platformKeys, tick } = await make(1);
    expect(await platformKeys.takeOut(A.id, "suspended")).toBe(true);
    for (let times = 0; times < 3; times += 1) {
      await tick();
      expect(await platformKeys.takeOut(A.id, "suspended")).toBe(false);
    }
    await platformKeys.restore(A.id);
    expect(await platformKeys.takeOut(A.id, "suspended")).toBe(true);
  });

  it("uses the key that is back first when all are out, because a refusal by the upstream costs nothing and ours helps nobody", async () => {
    const { ledger, platformKeys, tick } = await make(LONG_MS);
    for (const { id } of [C, A, B]) {
      await platformKeys.takeOut(id, "suspended");
      await tick();
    }
    expect(await reserve(ledger)).toMatchObject({ upstreamKeyId: C.id, wasOut: true });
    expect(await reserve(ledger, [A, B])).toMatchObject({ upstreamKeyId: A.id, wasOut: true });
    await platformKeys.restore(B.id);
    expect(await reserve(ledger)).toMatchObject({ upstreamKeyId: B.id, wasOut: false });
  });

  it("lists every key with its load, and of one that is out until when and why", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await reserve(ledger, [B]);
    await reserve(ledger, [B]);
    await platformKeys.takeOut(C.id, "401: Your account is suspended");
    const inUse = { state: "in-use", reason: null, until: null };
    expect(await platformKeys.list()).toEqual([
      { ...A, ...inUse, load: 0 },
      // None when the minute has just ended.
      { ...B, ...inUse, load: expect.any(Number) },
      { ...C, load: 0, state: "out", reason: "401: Your account is suspended", until: expect.stringMatching(/Z$/) },
    ]);
  });

  it("puts a key back in that it knows, in use or not, and knows no other", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await platformKeys.takeOut(A.id, "suspended");
    expect(await platformKeys.restore(A.id)).toBe(true);
    expect(await platformKeys.restore(A.id)).toBe(true);
    expect(await platformKeys.restore("platform-unknown")).toBe(false);
    expect(await reserve(ledger, [A])).toMatchObject({ wasOut: false });
    expect(await platformKeys.takeOut(A.id, "again")).toBe(true);
  });

  it("neither counts nor takes out a tenant's own key", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    const before = await platformKeys.list();
    const own = { id: "0199c0de-0000-7000-8000-0000000000aa", cap: null };
    expect(await reserve(ledger, [own])).toMatchObject({ upstreamKeyId: own.id, wasOut: false });
    expect(await platformKeys.list()).toEqual(before);
  });
}
