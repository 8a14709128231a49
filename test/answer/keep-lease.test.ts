import { expect, it } from "vitest";
import { keepLease, type LeasePorts } from "../../src/answer/keep-lease.ts";

const HELD = { lease: "call", requestId: "request" };

/** A lease whose call is under way until `end`; each renewal is let through by `beat`. */
function held(broken: Partial<LeasePorts["ledger"]> = {}) {
  const story: string[] = [];
  const beats: (() => void)[] = [];
  const { promise: work, resolve: end, reject: fail } = Promise.withResolvers<boolean>();
  const ledger = {
    renewLease: async (lease: string, requestId: string) => void story.push(`renew ${lease} ${requestId}`),
    endLease: async (lease: string, requestId: string, restMs: number) =>
      void story.push(`end ${lease} ${requestId} in ${restMs}`),
    ...broken,
  } as LeasePorts["ledger"];
  const pause = (ms: number) => new Promise<void>((resolve) => void (story.push(`pause ${ms}`), beats.push(resolve)));
  const log = { info: () => undefined, error: (event: string) => void story.push(event) };
  const kept = keepLease({ ledger, pause, leaseRenewMs: 1_000, leaseRestMs: 300, log }, HELD, work);
  const beat = async () => {
    beats.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { story, kept, end, fail, beat };
}

it("is renewed while its call is under way, and goes on for a moment when the answer is stored, for those who looked just before", async () => {
  const { story, kept, end, beat } = held();
  await beat();
  await beat();
  end(true);
  await kept;
  const renewed = "renew call request";
  expect(story).toEqual(["pause 1000", renewed, "pause 1000", renewed, "pause 1000", "end call request in 300"]);
});

it("is given up at once when nothing was stored, because whoever waits for it may fetch", async () => {
  const { story, kept, end } = held();
  end(false);
  await kept;
  expect(story).toEqual(["pause 1000", "end call request in 0"]);
});

it("is given up when its call breaks, because whoever waits for it may fetch", async () => {
  const { story, kept, fail } = held();
  fail(new Error("broken"));
  await kept;
  expect(story).toEqual(["pause 1000", "end call request in 0"]);
});

it("is left to end by itself when Redis does not answer", async () => {
  const down = () => Promise.reject(new Error("Redis down"));
  const { story, kept, end } = held({ endLease: down });
  end(true);
  await kept;
  expect(story).toEqual(["pause 1000", "lease-left-to-end"]);
});

it("is renewed again after a renewal that was lost, and given up at last, because it lasts longer than one of them", async () => {
  let renewals = 0;
  const renewLease = () => ((renewals += 1) === 1 ? Promise.reject(new Error("lost")) : Promise.resolve());
  const { story, kept, end, beat } = held({ renewLease });
  await beat();
  await beat();
  end(false);
  await kept;
  expect(renewals).toBe(2);
  expect(story).toEqual(["pause 1000", "lease-not-renewed", "pause 1000", "pause 1000", "end call request in 0"]);
});
