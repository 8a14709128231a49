import { describe, expect, it } from "vitest";
import { answer, type Ask } from "../../src/answer/answer.ts";
import { reportDeadUrl } from "../../src/answer/report-dead-url.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { memoryAnswerStore } from "../support/memory-answers-store.ts";
import { json, timeline } from "../support/timeline.ts";

const POST = "/post-detail/?url=https://www.tiktok.com/@a/video/73";
const DEAD = "https://cdn.example/old.mp4?x=1&y=2";
const ALIVE = "https://cdn.example/new.mp4";

const NOTHING_DONE = { kind: "reported", evicted: false, refetched: false, creditsCharged: 0 };

const post = (play: string) => json(`{"id":"73","play_count":1,"play":"${play}","wmplay":"","hdplay":""}`);

/** A post is kept whose link has died since; the upstream has a new one. */
async function withDeadLink(scope = "pool:default", kept = post(DEAD)) {
  const t = timeline();
  // Nothing takes no time at all, and what was reserved at the very time of a purge is of before it.
  const mark: typeof t.redis.mark = async (purge) => {
    const marked = await t.redis.mark(purge);
    t.advance(1);
    return marked;
  };
  const ports = { ...t.ports, purges: { mark } };
  const asked = (more: Partial<Ask["payer"]> = {}): Ask => {
    const ask = t.ask(POST);
    return { ...ask, payer: { ...ask.payer, scope, ...more } };
  };
  t.replies(() => Promise.resolve(kept));
  await answer(ports, asked());
  await t.settled();
  t.replies(() => Promise.resolve(post(ALIVE)));
  t.advance(1_000);
  const report = async (url: string, more: Partial<Ask["payer"]> = {}) => {
    const reported = await reportDeadUrl(ports, { ...asked(more), url });
    await t.settled();
    return reported;
  };
  /** What a tenant gets in an isolate of another colo, that has heard of no purge. */
  const elsewhere = async (more: Partial<Ask["payer"]> = {}) => {
    const nearby = { memory: memoryAnswers(1_000_000), colo: memoryAnswerStore(t.ports.clock) };
    const given = await answer({ ...ports, ...nearby }, asked(more));
    await t.settled();
    if (given.kind !== "hit") return given.kind;
    return given.stored.entry.body.includes(ALIVE) ? "new" : "old";
  };
  return { ...t, report, elsewhere };
}

describe("a report of a dead media URL", () => {
  it("evicts the answer that it stands in, fetches it again, and says what that cost", async () => {
    const t = await withDeadLink();
    expect(await t.report(DEAD)).toEqual({ kind: "reported", evicted: true, refetched: true, creditsCharged: 1 });
    expect(await t.elsewhere()).toBe("new");
    expect(await t.elsewhere({ tenantId: "other" }), "the pool has gained").toBe("new");
  });

  it("costs nothing when it comes again, or late: then there is another answer already", async () => {
    const t = await withDeadLink();
    await t.report(DEAD);
    for (let times = 0; times < 3; times += 1) expect(await t.report(DEAD)).toEqual(NOTHING_DONE);
    expect(t.sent).toHaveLength(2);
  });

  it("is paid for once in a while when the upstream sends the dead link again, however often it is reported", async () => {
    const t = await withDeadLink();
    t.replies(() => Promise.resolve(post(DEAD)));
    expect(await t.report(DEAD)).toMatchObject({ evicted: true, refetched: true, creditsCharged: 1 });
    for (let times = 0; times < 3; times += 1) expect(await t.report(DEAD)).toEqual(NOTHING_DONE);
    expect(await t.report(DEAD, { tenantId: "other" }), "who has not had it fetched yet may").toMatchObject({
      evicted: true,
    });
    expect(t.sent).toHaveLength(3);
    t.advance(t.ports.refreshAgainMs);
    expect(await t.report(DEAD)).toMatchObject({ evicted: true, creditsCharged: 1 });
  });

  it.each([
    { url: ALIVE, because: "it is of another answer" },
    { url: "https://cdn.example/old.mp4?x=1", because: "it is the beginning of one only" },
    { url: "73", because: "it is no URL" },
    { url: "", because: "it is nothing" },
  ])("of $url does nothing: $because", async ({ url }) => {
    const t = await withDeadLink();
    expect(await t.report(url)).toEqual(NOTHING_DONE);
    expect(await t.elsewhere()).toBe("old");
  });

  it("finds the URL however the body escapes it, because a client reports what it read", async () => {
    const t = await withDeadLink(
      "pool:default",
      post(DEAD.replaceAll("/", String.raw`\/`).replace("&", String.raw`\u0026`)),
    );
    expect(await t.report(DEAD)).toMatchObject({ evicted: true, refetched: true });
  });

  it("of what was purged already spends nothing: who asks next has it fetched", async () => {
    const t = await withDeadLink();
    await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    expect(await t.report(DEAD)).toEqual(NOTHING_DONE);
    expect(t.sent).toHaveLength(1);
  });

  it("tells the isolates that have a copy, by the time of the purge", async () => {
    const t = await withDeadLink();
    await t.report(DEAD);
    expect(t.changes).toMatchObject([
      { kind: "purge", scope: "pool:default", mode: "hard", targets: [{ kind: "call" }] },
    ]);
  });

  it("takes nothing from others in a pool when the reporter has no credit for a new answer", async () => {
    const t = await withDeadLink();
    const spent = { quotas: { daily: 1, monthly: null } };
    expect(await t.report(DEAD, spent)).toEqual({ ...NOTHING_DONE, evicted: true });
    expect(await t.report(DEAD, spent), "and it is asked for once").toEqual(NOTHING_DONE);
    expect(await t.elsewhere({ tenantId: "other" })).toBe("old");
    expect(await t.elsewhere(spent), "the reporter does not get the dead link again").toBe("refused");
    expect(t.changes).toEqual([]);
  });

  it("evicts a tenant's own answer whatever becomes of the new one, and tells the isolates", async () => {
    const t = await withDeadLink("tenant:tenant");
    t.replies(() => Promise.resolve(json('{"message":"boom"}', 500)));
    expect(await t.report(DEAD)).toMatchObject({ evicted: true, refetched: false });
    expect(t.changes).toMatchObject([{ kind: "purge", scope: "tenant:tenant" }]);
    t.replies(() => Promise.resolve(post(ALIVE)));
    // For so long nobody repeats a fetch that failed.
    t.advance(t.ports.failureNoteMs);
    expect(await t.elsewhere()).toBe("fetched");
  });

  it("says so when Redis does not answer: nobody knows what the answer is, and nothing is spent", async () => {
    const t = await withDeadLink();
    t.redis.isDown = true;
    expect(await t.report(DEAD)).toEqual({ kind: "unavailable" });
    expect(t.sent).toHaveLength(1);
  });
});
