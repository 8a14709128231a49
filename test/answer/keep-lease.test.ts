import { expect, it } from "vitest";
import { keepLease, type LeasePorts } from "../../src/answer/keep-lease.ts";

const HELD = { lease: "call", requestId: "request" };

/** A lease whose call is under way until `end`; each renewal is let through by `beat`. */
function held(broken: Partial<LeasePorts["ledger"]> = {}) {
  const story: string[] = [];
  const beats: (() => void)[] = [];
  const { promise: work, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const ledger = {
    renewLease: async (lease: string, requestId: string) => void story.push(`renew ${lease} ${requestId}`),
    endLease: async (lease: string, requestId: string) => void story.push(`end ${lease} ${requestId}`),
    ...broken,
  } as LeasePorts["ledger"];
  const pause = (ms: number) => new Promise<void>((resolve) => void (story.push(`pause ${ms}`), beats.push(resolve)));
  const log = { info: () => undefined, error: (event: string) => void story.push(event) };
  const kept = keepLease({ ledger, pause, leaseRenewMs: 1_000, log }, HELD, work);
  const beat = async () => {
    beats.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { story, kept, end, fail, beat };
}

it("is renewed while its call is under way, and given up when the answer is stored", async () => {
  const { story, kept, end, beat } = held();
  await beat();
  await beat();
  end();
  await kept;
  const renewed = "renew call request";
  expect(story).toEqual(["pause 1000", renewed, "pause 1000", renewed, "pause 1000", "end call request"]);
});

it("is given up when its call breaks, because whoever waits for it may fetch", async () => {
  const { story, kept, fail } = held();
  fail(new Error("broken"));
  await kept;
  expect(story).toEqual(["pause 1000", "end call request"]);
});

it("is left to end by itself when Redis does not answer", async () => {
  const down = () => Promise.reject(new Error("Redis down"));
  const { story, kept, end } = held({ endLease: down });
  end();
  await kept;
  expect(story).toEqual(["pause 1000", "lease-left-to-end"]);
});
