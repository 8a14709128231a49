import { expect, it } from "vitest";
import type { LeaseNote } from "../../src/core/ledger.ts";
import { keepLease, type LeasePorts } from "../../src/answer/keep-lease.ts";

const HELD = { lease: "call", requestId: "request" };

/** A lease whose call is under way until `end`; each renewal is let through by `beat`. */
function held(broken: Partial<LeasePorts["ledger"]> = {}, failureNoteMs = 2_000) {
  const story: string[] = [];
  const beats: (() => void)[] = [];
  const { promise: work, resolve: end, reject: fail } = Promise.withResolvers<LeaseNote | null>();
  const ledger = {
    renewLease: async (lease: string, requestId: string) => story.push(`renew ${lease} ${requestId}`) > 0,
    endLease: async (lease: string, requestId: string, left: object | null) =>
      void story.push(`end ${lease} ${requestId} ${JSON.stringify(left)}`),
    ...broken,
  } as LeasePorts["ledger"];
  const pause = (ms: number) => new Promise<void>((resolve) => void (story.push(`pause ${ms}`), beats.push(resolve)));
  const log = { info: () => undefined, error: (event: string) => void story.push(event) };
  let nowMs = 0;
  const clock = () => nowMs;
  const times = { leaseMs: 3_000, leaseRenewMs: 1_000, storedNoteMs: 300, failureNoteMs };
  const kept = keepLease({ ledger, pause, clock, ...times, log }, HELD, work);
  const beat = async () => {
    beats.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { story, kept, end, fail, beat, advance: (ms: number) => void (nowMs += ms) };
}

it("is renewed while its call is under way, and says for a moment that the answer is stored, to those who looked just before", async () => {
  const { story, kept, end, beat } = held();
  await beat();
  await beat();
  end({ kind: "stored" });
  await kept;
  const renewed = "renew call request";
  expect(story).toEqual([
    "pause 1000",
    renewed,
    "pause 1000",
    renewed,
    "pause 1000",
    'end call request {"note":{"kind":"stored"},"noteMs":300,"isSurelyHeld":true}',
  ]);
});

it("is given up at once when nothing was stored, because whoever waits for it may fetch", async () => {
  const { story, kept, end } = held();
  end(null);
  await kept;
  expect(story).toEqual(["pause 1000", "end call request null"]);
});

it("leaves a note in its place when the fetch failed, because those who wait would fail one after another", async () => {
  const { story, kept, end } = held();
  const failure = { outcome: "timeout", status: 0, upstreamKeyId: "key" } as const;
  end({ kind: "failed", failure });
  await kept;
  expect(story).toEqual([
    "pause 1000",
    `end call request ${JSON.stringify({ note: { kind: "failed", failure }, noteMs: 2_000, isSurelyHeld: true })}`,
  ]);
});

it("is given up at once after a failure where notes last for nothing", async () => {
  const { story, kept, end } = held({}, 0);
  end({ kind: "failed", failure: { outcome: "timeout", status: 0, upstreamKeyId: "key" } });
  await kept;
  expect(story).toEqual(["pause 1000", "end call request null"]);
});

it("is given up when its call breaks, because whoever waits for it may fetch", async () => {
  const { story, kept, fail } = held();
  fail(new Error("broken"));
  await kept;
  expect(story).toEqual(["pause 1000", "end call request null"]);
});

it("is left to end by itself when Redis does not answer", async () => {
  const down = () => Promise.reject(new Error("Redis down"));
  const { story, kept, end } = held({ endLease: down });
  end({ kind: "stored" });
  await kept;
  expect(story).toEqual(["pause 1000", "lease-left-to-end"]);
});

it("is renewed again after a renewal that was lost, and given up at last, because it lasts longer than one of them", async () => {
  let renewals = 0;
  const renewLease = () => ((renewals += 1) === 1 ? Promise.reject(new Error("lost")) : Promise.resolve(true));
  const { story, kept, end, beat } = held({ renewLease });
  await beat();
  await beat();
  end(null);
  await kept;
  expect(renewals).toBe(2);
  expect(story).toEqual(["pause 1000", "lease-not-renewed", "pause 1000", "pause 1000", "end call request null"]);
});

it.each([
  {
    renews: true,
    laterMs: 2_249,
    isSurelyHeld: true,
    because: "it was taken, or renewed, within three quarters of its time",
  },
  { renews: true, laterMs: 2_250, isSurelyHeld: false, because: "its reply may have been under way for the rest" },
  { renews: false, laterMs: 0, isSurelyHeld: false, because: "it is another's" },
])("is surely held $laterMs ms after a renewal that said $renews: $isSurelyHeld, for $because", async (given) => {
  const { renews, laterMs, isSurelyHeld } = given;
  const { story, kept, end, beat, advance } = held({ renewLease: async () => renews });
  advance(1_000);
  await beat();
  advance(laterMs);
  end({ kind: "stored" });
  await kept;
  expect(story.at(-1)).toBe(
    `end call request ${JSON.stringify({ note: { kind: "stored" }, noteMs: 300, isSurelyHeld })}`,
  );
});
