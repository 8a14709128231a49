import { describe, expect, it } from "vitest";
import { answer, type Ask } from "../../src/answer/answer.ts";
import { foretell } from "../../src/answer/foretell.ts";
import { inspect } from "../../src/answer/inspect.ts";
import { keyOf } from "../../src/answer/payer.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";
const HOUR = 3_600_000;

type Timeline = ReturnType<typeof timeline>;

/** What is foretold, by what the ledger counts, beside what the ledger then says. */
async function both(t: Timeline, ask: Ask, { hasUpstreamKey = true, isLedgerUp = true } = {}) {
  const counted = await t.ledger.read(ask.payer.tenantId);
  const { found } = await inspect(t.ports, { key: keyOf(t.ports, ask), ask });
  const foretold = foretell(t.ports, ask, {
    found,
    means: { hasUpstreamKey, spending: isLedgerUp ? counted : undefined },
  });
  const upstreamKeys = hasUpstreamKey ? t.ports.upstreamKeys : { open: async () => ({ kind: "unavailable" }) as const };
  const reserve = async () => ({ kind: "unavailable" }) as const;
  const ledger = isLedgerUp ? t.ports.ledger : { ...t.ports.ledger, reserve };
  const given = await answer({ ...t.ports, upstreamKeys, ledger }, ask);
  await t.settled();
  return { foretold, given };
}

const withQuotas = (t: Timeline, quotas: Ask["payer"]["quotas"]): Ask => {
  const ask = t.ask(CALL);
  return { ...ask, payer: { ...ask.payer, quotas } };
};

/** One credit is spent, on another call. */
async function spending(): Promise<Timeline> {
  const t = timeline();
  t.replies(async () => json('{"id":"107955"}'));
  await answer(t.ports, t.ask("/userid/?username=other"));
  await t.settled();
  return t;
}

describe("what stands in the way of a fetch", () => {
  it.each([
    { quotas: { daily: 1, monthly: null }, quota: "daily", because: "the day's credit is spent" },
    { quotas: { daily: null, monthly: 1 }, quota: "monthly", because: "the month's credit is spent" },
    { quotas: { daily: 1, monthly: 1 }, quota: "monthly", because: "of two the month's ends later" },
  ])("is the $quota quota with $quotas, as the ledger says it: $because", async ({ quotas, quota }) => {
    const t = await spending();
    const { foretold, given } = await both(t, withQuotas(t, quotas));
    const refused = { because: "reservation", reservation: { kind: "spent", quota, spent: { daily: 1, monthly: 1 } } };
    expect(foretold).toMatchObject({ kind: "refuse", refused });
    expect(given).toMatchObject({ kind: "refused", ...refused });
  });

  it("is nothing while one credit is left, because the last one may be spent", async () => {
    const t = await spending();
    const { foretold, given } = await both(t, withQuotas(t, { daily: 2, monthly: 2 }));
    expect(foretold).toEqual({ kind: "fetch" });
    expect(given.kind).toBe("fetched");
  });

  it.each([
    { lacks: { hasUpstreamKey: false }, because: "upstream-key-unavailable" },
    { lacks: { isLedgerUp: false }, because: "ledger-unavailable" },
  ])("is named when it is $because", async ({ lacks, because }) => {
    const t = await spending();
    const { foretold, given } = await both(t, t.ask(CALL), lacks);
    expect(foretold).toEqual({ kind: "refuse", refused: { kind: "refused", because } });
    expect(given).toEqual({ kind: "refused", because });
  });

  it("is passed over when something is at hand that is past its time, because a budget that is gone breaks no product", async () => {
    const t = timeline();
    t.replies(async () => json('{"id":"107955"}'));
    const ports = { ...t.ports, windowOverrides: { userid: { freshMs: HOUR, staleMs: HOUR } } };
    await answer(ports, t.ask(CALL));
    await t.settled();
    t.advance(3 * HOUR);
    const { foretold, given } = await both(t, withQuotas(t, { daily: null, monthly: 1 }));
    expect(foretold).toMatchObject({ kind: "last-resort", refused: { reservation: { quota: "monthly" } } });
    expect(given).toMatchObject({ kind: "stale", instead: { reservation: { quota: "monthly" } } });
  });
});
