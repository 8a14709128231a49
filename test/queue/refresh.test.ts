import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { payerOf } from "../../src/answer/payer.ts";
import type { RefreshMessage } from "../../src/core/ports.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import { consumeRefresh, type ConsumeRefreshPorts } from "../../src/queue/refresh.ts";
import { memoryTenantDirectory } from "../support/memory-tenant-directory.ts";
import { sampleTenant } from "../support/sample-key-record.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";
const PUBLIC = { ...sampleTenant, id: "00000000-0000-4000-8000-000000000009", cacheScope: "tenant" as const };
const FRESH_MS = 86_400_000;

/** An answer that a tenant found past its time, the message that it sent, and the consumer, to whom the tenant is what `now` says. */
async function found({ now = {}, over = {} }: { now?: Partial<Tenant>; over?: Partial<ConsumeRefreshPorts> } = {}) {
  const t = timeline();
  const ask = { ...t.ask(CALL), payer: payerOf(sampleTenant, true) };
  await answer(t.ports, ask);
  await t.settled();
  t.advance(FRESH_MS);
  await answer(t.ports, ask);
  await t.settled();
  t.replies(async () => json('{"id":"2"}'));
  const ports: ConsumeRefreshPorts = {
    ...t.ports,
    tenantDirectory: memoryTenantDirectory([{ ...sampleTenant, ...now }, PUBLIC], t.ports.clock),
    publicTenantId: PUBLIC.id,
    platformDownloadTier: true,
    newRequestId: () => "refresh",
    ...over,
  };
  const consume = (changed: Partial<RefreshMessage> = {}) => {
    const [message] = t.refreshes;
    if (message === undefined) throw new Error("no message was sent");
    return consumeRefresh(ports, { ...message, ...changed }, 1);
  };
  const fetches = () => t.story.filter((step) => step === "dispatch").length - 1;
  return { ...t, ask, consume, fetches };
}

describe("the consumer of the refresh queue", () => {
  it("fetches the answer anew on behalf of who found it, and is done when it is settled and stored", async () => {
    const t = await found();
    expect(await t.consume()).toEqual({ kind: "done" });
    expect(t.sent.at(-1)).toMatchObject({ tenantId: sampleTenant.id, requestId: "refresh", creditsCharged: 1 });
    expect(await answer(t.ports, t.ask)).toMatchObject({ kind: "hit", stored: { entry: { body: '{"id":"2"}' } } });
  });

  it.each([
    { now: { status: "suspended" as const }, because: "who pays was suspended" },
    { now: { trialEndsAtMs: 0 }, because: "its trial is over" },
    { now: { cacheScope: "tenant" as const }, because: "it reads answers of its own by now" },
    { now: { region: "eu" }, because: "it reads another pool by now" },
    { now: { id: "00000000-0000-4000-8000-000000000002" }, because: "it is no more" },
  ])("fetches nothing when $because", async ({ now }) => {
    const t = await found({ now });
    expect(await t.consume()).toEqual({ kind: "done" });
    expect(t.fetches()).toBe(0);
  });

  it("fetches nothing for a message that comes when nobody is served the old answer any more", async () => {
    const t = await found();
    t.advance(FRESH_MS);
    expect(await t.consume()).toEqual({ kind: "done" });
    expect(t.fetches()).toBe(0);
  });

  it("fetches nothing for a message that comes when the old answer is only a last resort", async () => {
    const t = await found();
    expect(await t.consume({ untilMs: t.ports.clock() })).toEqual({ kind: "done" });
    expect(t.fetches()).toBe(0);
  });

  it.each(["refresh", "warm"] as const)("reserves by the message's priority: %s", async (priority) => {
    const seen: string[] = [];
    const t = await found();
    const reserve: typeof t.ports.ledger.reserve = async (order) => (
      seen.push(order.priority),
      { kind: "busy", inMs: 1, cap: 200 }
    );
    const other = await found({ over: { ledger: { ...t.ports.ledger, reserve } } });
    expect(await other.consume({ priority })).toEqual({ kind: "done" });
    expect(seen).toEqual([priority]);
  });

  it("is not done before the books are, because after a message nothing keeps the isolate", async () => {
    const t = await found();
    const settle: typeof t.ports.ledger.settle = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return t.ports.ledger.settle(...given);
    };
    const tenantDirectory = memoryTenantDirectory([sampleTenant], t.ports.clock);
    const slow = await found({ over: { ledger: { ...t.ports.ledger, settle }, tenantDirectory } });
    await slow.consume();
    expect(slow.sent.map(({ requestId }) => requestId)).toContain("refresh");
  });

  it("has it again later when nobody knows who pays", async () => {
    const t = await found({ over: { tenantDirectory: { find: async () => ({ kind: "unavailable" }) } } });
    expect(await t.consume()).toMatchObject({ kind: "again" });
    expect(t.fetches()).toBe(0);
  });

  it("has it again later when Redis does not answer", async () => {
    const t = await found();
    t.redis.isDown = true;
    expect(await t.consume()).toMatchObject({ kind: "again" });
  });

  it("lets the public tenant pay for a pool that it does not read, and nobody else", async () => {
    const t = await found();
    const another = { scope: "tenant:somebody", seenMs: null };
    expect(await t.consume({ tenantId: PUBLIC.id, ...another })).toEqual({ kind: "done" });
    expect(await t.consume(another)).toEqual({ kind: "done" });
    expect(t.fetches()).toBe(0);
    expect(await t.consume({ tenantId: PUBLIC.id })).toEqual({ kind: "done" });
    expect(t.fetches()).toBe(1);
    expect(t.sent.at(-1)).toMatchObject({ tenantId: PUBLIC.id });
  });

  it.each(["/nowhere/?x=1", "/userid/", "/userid/?username=a&more=1", "userid"])(
    "buries %s, which is no call of this version",
    async (path) => {
      const t = await found();
      expect(await t.consume({ path })).toMatchObject({ kind: "hopeless" });
    },
  );
});
