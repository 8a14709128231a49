import { describe, expect, it } from "vitest";
import { knownChanges, parseLog } from "../../src/core/changes.ts";

const KEY = "abcdefghijkl";
const TENANT = "00000000-0000-4000-8000-000000000001";

const START = 1_000_000;

/** What an isolate knows that has followed the log from `START` on, and what it says of the key as read at a time. */
function followed({ most = 100 } = {}) {
  const known = knownChanges({ gapMs: 5_000, most, mostPurges: 10 });
  known.confirm(START, false);
  return { ...known, says: (readAtMs: number) => known.vouchesFor({ keyId: KEY, tenantId: TENANT, readAtMs }) };
}

describe("what the log of changes says of a record", () => {
  it.each([
    {
      readAtMs: START,
      kind: "unknown",
      because: "what was changed before the isolate followed it may not stand in it yet",
    },
    { readAtMs: START + 1_000, kind: "unknown", because: "the clock of who read it may be a second ahead" },
    { readAtMs: START + 1_001, kind: "confirmed", because: "every change since then stands in it" },
  ])("a record of $readAtMs is $kind: $because", ({ readAtMs, kind }) => {
    const known = followed();
    known.confirm(START + 2_000, true);
    expect(known.says(readAtMs)).toEqual(kind === "unknown" ? { kind } : { kind, atMs: START + 2_000 });
  });

  it("nothing before it was read, because silence is no promise", () => {
    const known = knownChanges({ gapMs: 5_000, most: 100, mostPurges: 10 });
    expect(known.vouchesFor({ keyId: KEY, tenantId: TENANT, readAtMs: START })).toEqual({ kind: "unknown" });
  });

  it.each([
    {
      change: { kind: "key", keyId: KEY } as const,
      readAtMs: START + 4_000,
      kind: "changed",
      because: "within a second of the change clocks decide nothing",
    },
    {
      change: { kind: "key", keyId: KEY } as const,
      readAtMs: START + 4_001,
      kind: "confirmed",
      because: "it was read after it",
    },
    {
      change: { kind: "tenant", tenantId: TENANT } as const,
      readAtMs: START + 4_000,
      kind: "changed",
      because: "a tenant's change is one of all its keys",
    },
    {
      change: { kind: "key", keyId: "othersothers" } as const,
      readAtMs: START + 2_000,
      kind: "confirmed",
      because: "it is another's",
    },
  ])("after a change noticed at 3 s a record is $kind: $because", ({ change, readAtMs, kind }) => {
    const known = followed();
    known.note(change, START + 3_000);
    known.confirm(START + 3_000, true);
    expect(known.says(readAtMs).kind).toBe(kind);
  });

  it.each([
    { nextMs: START + 7_000, isUnbroken: false, because: "it was lost and begun anew" },
    {
      nextMs: START + 7_001,
      isUnbroken: true,
      because: "it was not read for so long that a change may have waited for Redis meanwhile",
    },
  ])(
    "only until the log broke off, when $because; what is read from then on is vouched for anew",
    ({ nextMs, isUnbroken }) => {
      const known = followed();
      known.confirm(START + 2_000, true);
      known.confirm(nextMs, isUnbroken);
      known.confirm(nextMs + 4_000, true);
      expect(known.says(START + 1_001)).toEqual({ kind: "confirmed", atMs: START + 2_000 });
      expect(known.says(nextMs + 1_000)).toEqual({ kind: "confirmed", atMs: START + 2_000 });
      expect(known.says(nextMs + 1_001)).toEqual({ kind: "confirmed", atMs: nextMs + 4_000 });
    },
  );

  it("what it said before, when it breaks off twice in a moment", () => {
    const known = followed();
    known.confirm(START + 2_000, true);
    known.confirm(START + 3_000, false);
    known.confirm(START + 3_010, false);
    expect(known.says(START + 1_001)).toEqual({ kind: "confirmed", atMs: START + 2_000 });
  });

  it("the latest, when readings that overlap end out of order", () => {
    const known = followed();
    known.confirm(START + 4_000, true);
    known.confirm(START + 3_000, true);
    expect(known.confirmedAtMs()).toBe(START + 4_000);
  });

  it("nothing of what a forgotten mark was about, because marks are bounded", () => {
    const known = followed({ most: 2 });
    known.note({ kind: "key", keyId: KEY }, START + 3_000);
    known.note({ kind: "key", keyId: "othersothers" }, START + 5_000);
    known.note({ kind: "key", keyId: "someonesomeo" }, START + 5_000);
    known.confirm(START + 5_000, true);
    expect(known.says(START + 4_000)).toEqual({ kind: "unknown" });
    expect(known.says(START + 4_001).kind).toBe("confirmed");
  });

  it("nothing of it from before the log broke off either", () => {
    const known = followed({ most: 1 });
    known.note({ kind: "key", keyId: KEY }, START + 2_000);
    known.confirm(START + 3_000, true);
    known.confirm(START + 4_000, false);
    known.note({ kind: "key", keyId: "othersothers" }, START + 4_500);
    expect(known.says(START + 1_500)).toEqual({ kind: "unknown" });
  });

  it("the newest mark longest: a change that comes again is new again", () => {
    const known = followed({ most: 2 });
    known.note({ kind: "key", keyId: KEY }, START + 3_000);
    known.note({ kind: "key", keyId: "othersothers" }, START + 4_000);
    known.note({ kind: "key", keyId: KEY }, START + 5_000);
    known.note({ kind: "key", keyId: "someonesomeo" }, START + 6_000);
    expect(known.says(START + 6_000)).toEqual({ kind: "changed" });
  });
});

describe("a reading of the log", () => {
  it("has the ids and the changes, and nothing for what only a newer version knows", () => {
    const change = { kind: "key", keyId: KEY };
    const reply = [
      ["1-0", ["change", '{"kind":"began"}']],
      ["1-1", ["change", JSON.stringify(change)]],
      ["2-0", ["change", "damage"]],
      ["3-0", []],
    ];
    expect(parseLog(reply)).toEqual([
      { id: "1-0", change: undefined },
      { id: "1-1", change },
      { id: "2-0", change: undefined },
      { id: "3-0", change: undefined },
    ]);
  });

  it.each([null, "OK", [["1-0"]], { result: [] }])("is none, and says so, when the reply is %j", (reply) => {
    expect(() => parseLog(reply)).toThrow(/Invalid/);
  });
});
