import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Quotas } from "../../src/core/ledger.ts";
import type { UpstreamReply } from "../../src/core/ports.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";
const BODY = '{"id":"107955"}';

/** A request that fetches, and holds the lease until the test lets the upstream answer it. */
async function fetching() {
  const t = timeline();
  const gates = [Promise.withResolvers<UpstreamReply>()];
  let asked = 0;
  t.replies(() => {
    asked += 1;
    return gates[asked - 1]?.promise ?? Promise.resolve(json(BODY));
  });
  const leader = answer(t.ports, { ...t.ask(CALL), requestId: "leader" });
  await new Promise((resolve) => setImmediate(resolve));
  const dispatches = () => t.story.filter((step) => step === "dispatch").length;
  return { ...t, leader, answered: gates[0]?.resolve ?? (() => undefined), dispatches };
}

describe("a request that finds another fetching the same", () => {
  it("waits for its answer and pays nothing", async () => {
    const t = await fetching();
    const follower = answer(t.ports, { ...t.ask(CALL), requestId: "follower" });
    await new Promise((resolve) => setTimeout(resolve));
    t.answered(json(BODY));
    expect(await t.leader).toMatchObject({ kind: "fetched", creditsCharged: 1 });
    expect(await follower).toMatchObject({ kind: "joined", stored: { entry: { body: BODY } } });
    expect(t.dispatches()).toBe(1);
    await t.settled();
    expect(t.sent).toHaveLength(1);
  });

  it("fetches itself when nothing that can be kept comes of it", async () => {
    const t = await fetching();
    const follower = answer(t.ports, { ...t.ask(CALL), requestId: "follower" });
    await new Promise((resolve) => setTimeout(resolve));
    t.answered(json('{"x":1}', 500));
    expect(await t.leader).toMatchObject({ kind: "fetched", outcome: "server_error" });
    expect(await follower).toMatchObject({ kind: "fetched", outcome: "success" });
    expect(t.dispatches()).toBe(2);
  });

  it("gives up after the upstream's deadline, because its client will not wait for ever, and nothing was charged", async () => {
    const t = await fetching();
    const renewed = { ...t.ports.ledger, reserve: async () => ({ kind: "leased" }) as const };
    const follower = await answer({ ...t.ports, ledger: renewed }, { ...t.ask(CALL), requestId: "follower" });
    expect(follower).toEqual({ kind: "refused", because: "joined-in-vain" });
    const waitedMs = t.story.reduce((sum, step) => sum + Number(/^pause (\d+)$/.exec(step)?.[1] ?? 0), 0);
    expect(waitedMs).toBeLessThan(10_000);
    expect(waitedMs).toBeGreaterThan(9_000);
  });

  it("asks ever more seldom, because a hundred of them ask Redis each time", async () => {
    const t = await fetching();
    const renewed = { ...t.ports.ledger, reserve: async () => ({ kind: "leased" }) as const };
    await answer({ ...t.ports, ledger: renewed }, { ...t.ask(CALL), requestId: "follower" });
    const pauses = t.story.filter((step) => step.startsWith("pause")).map((step) => Number(step.slice(6)));
    expect(pauses.slice(0, 4)).toEqual([50, 75, 113, 170]);
    expect(Math.max(...pauses)).toBe(400);
  });
});

describe("a download", () => {
  it("is fetched by each for itself, because its links are no one else's", async () => {
    const t = timeline();
    const asked: (string | null)[] = [];
    const reserve = (order: Parameters<typeof t.ledger.reserve>[0]) => (
      asked.push(order.lease),
      t.ledger.reserve(order)
    );
    const ports = { ...t.ports, ledger: { ...t.ports.ledger, reserve } };
    await answer(ports, t.ask("/download-video/?url=https://www.tiktok.com/@a/video/73"));
    expect(asked).toEqual([null]);
  });
});

describe("what is past its time", () => {
  const spent: Quotas = { daily: 0, monthly: null };

  /** Fetched once, and past its time since. */
  async function pastItsTime() {
    const t = timeline();
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    t.advance(24 * 3_600_000 + 1);
    return t;
  }
  const withQuotas = (t: ReturnType<typeof timeline>, quotas: Quotas) => {
    const ask = t.ask(CALL);
    return { ...ask, payer: { ...ask.payer, quotas } };
  };

  it("is served in place of a refusal, with the refusal beside it", async () => {
    const t = await pastItsTime();
    expect(await answer(t.ports, withQuotas(t, spent))).toMatchObject({
      kind: "stale",
      stored: { entry: { body: BODY } },
      refusal: { because: "reservation", reservation: { kind: "spent", quota: "daily" } },
    });
  });

  it("is served when the ledger does not answer, because a hit survives what a miss does not", async () => {
    const t = await pastItsTime();
    const ports = {
      ...t.ports,
      ledger: { ...t.ports.ledger, reserve: async () => ({ kind: "unavailable" }) as const },
    };
    expect(await answer(ports, t.ask(CALL))).toMatchObject({
      kind: "stale",
      refusal: { because: "ledger-unavailable" },
    });
  });

  it("is not served to a tenant that may not ask", async () => {
    const t = await pastItsTime();
    await t.ledger.setStatus("tenant", "suspended");
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "refused", reservation: { kind: "suspended" } });
  });

  it("is not served past the bound that it states", async () => {
    const t = await pastItsTime();
    t.advance(24 * 3_600_000);
    expect(await answer(t.ports, withQuotas(t, spent))).toMatchObject({ kind: "refused" });
  });

  it("gives way to what can be fetched", async () => {
    const t = await pastItsTime();
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "fetched" });
  });
});

it("a tenant without counters is refused while the books do not answer, because missing is not zero", async () => {
  const t = timeline();
  const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "uncounted" }) as const };
  const spendingBooks = { ...t.ports.spendingBooks, of: () => Promise.reject(new Unavailable("Postgres down")) };
  const refused = { kind: "refused", because: "ledger-unavailable" };
  expect(await answer({ ...t.ports, ledger, spendingBooks }, t.ask(CALL))).toEqual(refused);
});
