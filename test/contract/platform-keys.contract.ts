import { expect, it } from "vitest";
import type { Candidate, Ledger } from "../../src/core/ledger.ts";
import type { KeyMarks, PlatformKeys } from "../../src/core/ports.ts";
import { sampleOrder } from "../support/sample-order.ts";

export type PlatformKeysUnderTest = {
  readonly ledger: Ledger;
  readonly platformKeys: PlatformKeys & KeyMarks;
  /** Returns when two milliseconds of the ledger's clock have passed. */
  tick(): Promise<void>;
};

const LONG_MS = 600_000;

/** The keys that the one under test is made with, and after how many failures they rest for how long. */
export const BREAKER = { breakerFailures: 3, breakerRestMs: 200 };
export const KEYS = [
  { id: "platform-a", cap: 200 },
  { id: "platform-b", cap: 100 },
  { id: "platform-c", cap: 60 },
] as const;

const [A, B, C] = KEYS;
let last = sampleOrder();

const reserve = async (ledger: Ledger, candidates: readonly Candidate[] = KEYS) => {
  last = sampleOrder({ candidates });
  const reservation = await ledger.reserve(last);
  if (reservation.kind !== "reserved") throw new Error(`nothing was reserved: ${reservation.kind}`);
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
    // Two off at the most: of what is asked at once the ledger sees one after another.
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
    expect(await ledger.reserve(last)).toEqual(first);
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
    expect(await reserve(ledger, [A])).toMatchObject({ isMarked: true });
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
    expect(await reserve(ledger)).toMatchObject({ upstreamKeyId: C.id, isMarked: true });
    expect(await reserve(ledger, [A, B])).toMatchObject({ upstreamKeyId: A.id, isMarked: true });
    await platformKeys.restore(B.id);
    expect(await reserve(ledger)).toMatchObject({ upstreamKeyId: B.id, isMarked: false });
  });

  it("lists every key with its load, and of one that is out until when and why", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await reserve(ledger, [B]);
    await reserve(ledger, [B]);
    await platformKeys.takeOut(C.id, "401: Your account is suspended");
    const inUse = { state: "in-use", reason: null, until: null };
    expect(await platformKeys.list()).toEqual([
      { ...A, ...inUse, load: 0 },
      { ...B, ...inUse, load: 2 },
      { ...C, load: 0, state: "out", reason: "401: Your account is suspended", until: expect.stringMatching(/Z$/) },
    ]);
  });

  it("reserves nothing on a key that cools down, and says when it will, because the upstream counts what it refuses", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await platformKeys.coolDown(A.id, LONG_MS);
    expect((await picked(ledger, 20)).a).toBe(0);
    const refused = await ledger.reserve(sampleOrder({ candidates: [A] }));
    expect(refused).toMatchObject({ kind: "busy", cap: 200 });
    expect(refused.kind === "busy" && refused.inMs > LONG_MS - 10_000 && refused.inMs <= LONG_MS).toBe(true);
    expect(await platformKeys.list()).toMatchObject([{ state: "cooling", reason: "429" }, {}, {}]);
  });

  it("cools a key down once, because those who were on their way must not prolong it", async () => {
    const { platformKeys, tick } = await make(LONG_MS);
    await platformKeys.coolDown(A.id, LONG_MS);
    const [before] = await platformKeys.list();
    await tick();
    await platformKeys.coolDown(A.id, LONG_MS);
    expect((await platformKeys.list())[0]).toEqual(before);
  });

  it("lets nobody who was on the way end a cool-down, because they were sent before the upstream had enough", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await platformKeys.noteFailure(A.id);
    const before = await reserve(ledger, [A]);
    await platformKeys.coolDown(A.id, LONG_MS);
    await platformKeys.clear(A.id, before.occurredAtMs);
    expect(await ledger.reserve(sampleOrder({ candidates: [A] }))).toMatchObject({ kind: "busy" });
  });

  it("forgets failures of a key that cools down when it serves, because the cool-down is not for those", async () => {
    const { ledger, platformKeys, tick } = await make(LONG_MS);
    const { occurredAtMs } = await reserve(ledger, [A]);
    for (let times = 0; times < BREAKER.breakerFailures; times += 1) await platformKeys.noteFailure(A.id);
    await platformKeys.coolDown(A.id, 20);
    await platformKeys.clear(A.id, occurredAtMs);
    for (let waited = 0; waited < 20; waited += 2) await tick();
    expect(await ledger.reserve(sampleOrder({ candidates: [A] }))).toMatchObject({ kind: "reserved" });
  });

  it("puts a key that is out back when it serves, but not for what was sent before its account was refused", async () => {
    const { ledger, platformKeys, tick } = await make(LONG_MS);
    await platformKeys.noteFailure(A.id);
    const before = await reserve(ledger, [A]);
    await tick();
    await platformKeys.takeOut(A.id, "suspended");
    await platformKeys.clear(A.id, before.occurredAtMs);
    expect(await platformKeys.list()).toMatchObject([{ state: "out", reason: "suspended" }, {}, {}]);
    const after = await reserve(ledger, [A]);
    await platformKeys.clear(A.id, after.occurredAtMs);
    expect(await platformKeys.list()).toMatchObject([{ state: "in-use" }, {}, {}]);
    expect(await platformKeys.takeOut(A.id, "suspended"), "the operator is told anew").toBe(true);
  });

  it("uses a key again when it has cooled down", async () => {
    const { ledger, platformKeys, tick } = await make(LONG_MS);
    await platformKeys.coolDown(A.id, 1);
    await tick();
    expect(await reserve(ledger, [A])).toMatchObject({ upstreamKeyId: A.id });
  });

  it("lets a key rest after three failures in a row, and then one request at a time try it", async () => {
    const { ledger, platformKeys, tick } = await make(LONG_MS);
    await platformKeys.noteFailure(A.id);
    await platformKeys.noteFailure(A.id);
    expect(await reserve(ledger, [A])).toMatchObject({ isMarked: true });
    await platformKeys.noteFailure(A.id);
    const refused = await ledger.reserve(sampleOrder({ candidates: [A] }));
    expect(refused).toEqual({ kind: "broken", inMs: expect.any(Number) });
    expect(await platformKeys.list()).toMatchObject([{ state: "failing" }, {}, {}]);
    const restMs = refused.kind === "broken" ? refused.inMs : 0;
    for (let waited = 0; waited < restMs; waited += 2) await tick();
    const probe = await reserve(ledger, [A]);
    expect(probe).toMatchObject({ isMarked: true });
    expect(await ledger.reserve(sampleOrder({ candidates: [A] }))).toMatchObject({ kind: "broken" });
    await platformKeys.clear(A.id, probe.occurredAtMs);
    expect(await reserve(ledger, [A])).toMatchObject({ isMarked: false });
  });

  it("forgets failures when the key serves, because three in a row are not three in a day", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await platformKeys.noteFailure(A.id);
    await platformKeys.noteFailure(A.id);
    const { occurredAtMs } = await reserve(ledger, [A]);
    await platformKeys.clear(A.id, occurredAtMs);
    await platformKeys.noteFailure(A.id);
    await platformKeys.noteFailure(A.id);
    expect(await reserve(ledger, [A])).toMatchObject({ kind: "reserved" });
  });

  it("puts a key back in that it knows, in use or not, and knows no other", async () => {
    const { ledger, platformKeys } = await make(LONG_MS);
    await platformKeys.takeOut(A.id, "suspended");
    expect(await platformKeys.restore(A.id)).toBe(true);
    expect(await platformKeys.restore(A.id)).toBe(true);
    expect(await platformKeys.restore("platform-unknown")).toBe(false);
    expect(await reserve(ledger, [A])).toMatchObject({ isMarked: false });
    expect(await platformKeys.takeOut(A.id, "again")).toBe(true);
  });
}
