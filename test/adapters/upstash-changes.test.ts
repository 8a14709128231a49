import { describe, expect, it } from "vitest";
import { upstashChangeLog, upstashConfirm } from "../../src/adapters/upstash-changes.ts";
import type { Change } from "../../src/core/changes.ts";
import { mgetAlongside } from "../../src/adapters/upstash-alongside.ts";
import type { Alongside, WaitBudget } from "../../src/core/ports.ts";
import { APPENDING } from "../support/redis-faults.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { silentLog } from "../support/silent-log.ts";

const KEY = "abcdefghijkl";
const TENANT = "00000000-0000-4000-8000-000000000001";
const revoked: Change = { kind: "key", keyId: KEY };

const patient: WaitBudget = { within: (work) => work() };

describe("an isolate that follows the log of changes", () => {
  const redis = useLocalRedis();

  /** An isolate by a clock of its own, which begins at the real time, for Redis stamps its entries by that. */
  const isolate = () => {
    let nowMs = Date.now();
    const behind: Promise<unknown>[] = [];
    const times = { afterMs: 500, confirmMs: 1_000, gapMs: 5_000, historyMs: 600_000 };
    const confirm = upstashConfirm(redis().client, { ...times, clock: () => nowMs }, silentLog);
    return {
      behind,
      publish: upstashChangeLog(redis().client, confirm.heed, silentLog).publish,
      purgedAt: confirm.purgedAt,
      now: () => nowMs,
      advance: (ms: number) => void (nowMs += ms),
      refresh: async (wait = patient) => confirm.refresh(wait, (promise) => void behind.push(promise))?.done(),
      reading: (wait = patient) => confirm.refresh(wait, (promise) => void behind.push(promise)),
      confirmedAtMs: () => {
        const verdict = confirm.vouchesFor({ keyId: KEY, tenantId: TENANT, readAtMs: Infinity });
        return verdict.kind === "confirmed" ? verdict.atMs : -Infinity;
      },
      says: (readAtMs: number) => confirm.vouchesFor({ keyId: KEY, tenantId: TENANT, readAtMs }),
    };
  };
  /** One that vouches for what it reads now. */
  const followed = async () => {
    const t = isolate();
    await t.refresh();
    t.advance(1_001);
    return { ...t, readAtMs: t.now() };
  };
  const elsewhere = () => undefined;
  const publish = (...changes: readonly Change[]) =>
    upstashChangeLog(redis().client, elsewhere, silentLog).publish(changes);

  it("learns of a change with its next reading, and vouches for what is read a second later", async () => {
    const t = await followed();
    await t.refresh();
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: t.now() });
    expect(await publish(revoked)).toBe("published");
    t.advance(1_000);
    await t.refresh();
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
    expect(t.says(t.now() + 1_001).kind).toBe("confirmed");
  });

  it("knows at once what it changed itself: who made the change may look at its effect next", async () => {
    const t = await followed();
    await t.refresh();
    expect(t.says(t.readAtMs).kind).toBe("confirmed");
    await t.publish([revoked, { kind: "purge", scope: "s", targets: [{ kind: "everything" }], mode: "hard", atMs: 7 }]);
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
    const key = {
      identity: "i",
      namespaceVersion: "1",
      scope: "s",
      endpoint: "e",
      subjects: [],
      digest: async () => "d",
    };
    expect(t.purgedAt(key)).toEqual({ hardMs: 7, softMs: 0 });
  });

  it("reads with one command, once a second at the most, and from half a second on behind a response", async () => {
    const t = await followed();
    const commands = (work: () => Promise<unknown>) => redis().commandsOf(work);
    expect(await commands(() => t.refresh())).toBe(1);
    t.advance(499);
    expect(await commands(() => Promise.all([t.refresh(), t.refresh()]))).toBe(0);
    t.advance(1);
    const never: WaitBudget = { within: () => Promise.reject(new Error("nobody waits yet")) };
    const twice = async () => {
      await Promise.all([t.refresh(never), t.refresh(never)]);
      await Promise.all(t.behind);
    };
    expect(await commands(twice)).toBe(1);
    expect(t.behind).toHaveLength(1);
    t.advance(499);
    expect(await commands(() => t.refresh(never))).toBe(0);
  });

  it("awaits a reading that is a second old, so that an idle isolate lets nobody in on what it knew", async () => {
    const t = await followed();
    await t.refresh();
    await publish(revoked);
    t.advance(4_000);
    await t.refresh();
    expect(t.behind).toEqual([]);
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
  });

  it("vouches until a reading began, because a change may come into the log while its reply is on the way", async () => {
    const t = await followed();
    const begunMs = t.now();
    const reading = t.refresh();
    t.advance(300);
    await reading;
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: begunMs });
  });

  it("takes no record from before a change for one from after it, though its own clock is behind", async () => {
    const t = isolate();
    t.advance(-4_000);
    await t.refresh();
    t.advance(1_001);
    const readByAnotherMs = Date.now();
    await publish(revoked);
    await t.refresh();
    expect(t.says(readByAnotherMs)).toEqual({ kind: "changed" });
  });

  it("marks a change once, and not with each reading that begins where it stands", async () => {
    const t = await followed();
    await publish(revoked);
    await t.refresh();
    t.advance(1_000);
    await t.refresh();
    t.advance(1_000);
    await t.refresh();
    expect(t.says(t.now() - 900).kind).toBe("confirmed");
  });

  it("knows the changes of the time before it, because it may be shown a record that is older than they are", async () => {
    await publish(revoked);
    const t = isolate();
    await t.refresh();
    expect(t.says(t.now())).toEqual({ kind: "changed" });
  });

  it("begins with one request to a log that was begun, because a cold isolate's first request has one budget for Redis", async () => {
    await publish({ kind: "key", keyId: "othersothers" });
    const before = (await redis().stats()).requests;
    await isolate().refresh();
    expect((await redis().stats()).requests - before).toBe(1);
  });

  it("does not go on from a beginning that failed half way, because what stood behind it would be missing", async () => {
    const filler = Array.from({ length: 1_200 }, () => ["xadd", "tkc:log", "*", "change", "{}"]);
    await redis().direct.pipeline(filler).exec();
    await publish(revoked);
    const [endOfPage] = (await redis().direct.xrange("tkc:log", "-", "+", "COUNT", 1_001)).at(-1) ?? [];
    const t = isolate();
    await redis().fault({ kind: "down", contains: endOfPage });
    await t.refresh();
    expect(t.says(t.now() + 5_000)).toEqual({ kind: "unknown" });
    await t.refresh();
    expect(t.says(t.now())).toEqual({ kind: "changed" });
  });

  it("reads on when there is more than one page of news", async () => {
    const t = await followed();
    await t.refresh();
    const others = Array.from({ length: 2_400 }, (_, at) => String(at).padStart(12, "x"));
    await Promise.all(
      others.map((keyId) => redis().direct.xadd("tkc:log", "*", "change", JSON.stringify({ kind: "key", keyId }))),
    );
    await publish(revoked);
    t.advance(1_000);
    expect(await redis().commandsOf(() => t.refresh())).toBe(3);
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
  });

  it.each([
    { lost: "deleted", lose: () => redis().direct.del("tkc:log") },
    {
      lost: "deleted and begun by another change",
      lose: async () => {
        await redis().direct.del("tkc:log");
        await publish({ kind: "key", keyId: "othersothers" });
      },
    },
    {
      lost: "trimmed beyond what was read",
      lose: async () => {
        await publish({ kind: "key", keyId: "othersothers" });
        await redis().direct.xtrim("tkc:log", "MAXLEN", 1);
      },
    },
  ])(
    "vouches no more for what it read before, when the log was $lost, because a change went with it",
    async ({ lose }) => {
      const t = await followed();
      await t.refresh();
      const lastMs = t.now();
      await publish(revoked);
      await lose();
      for (let seconds = 0; seconds < 20; seconds += 1) {
        t.advance(1_000);
        await t.refresh();
        expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: lastMs });
      }
      expect(t.says(lastMs + 2_001)).toEqual({ kind: "confirmed", atMs: t.now() });
    },
  );

  it("goes on with what it knew while Redis does not answer, and vouches for nothing since", async () => {
    const t = await followed();
    await t.refresh();
    const lastMs = t.now();
    await redis().fault({ kind: "down", times: null });
    t.advance(9_000);
    await t.refresh();
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: lastMs });
    expect(await publish(revoked)).toBe("unavailable");
    await redis().clearFaults();
    t.advance(1_000);
    await t.refresh();
    // The change is still on its way into the log.
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: lastMs });
  });

  /** The isolate's next reading, brought along with somebody's question. */
  const broughtAlong = async (t: ReturnType<typeof isolate>) => {
    const reading = t.reading();
    if (reading === undefined) throw new Error("nothing has to be read");
    await mgetAlongside(redis().client, ["something"], { alongside: [reading.alongside], clock: t.now });
    return reading;
  };

  it("reads nothing when another question has brought along that there is nothing new", async () => {
    const t = await followed();
    const reading = await broughtAlong(t);
    expect(t.says(t.readAtMs), "as of that question").toEqual({ kind: "confirmed", atMs: t.now() });
    expect(await redis().commandsOf(() => reading.done())).toBe(0);
    expect(t.reading(), "nor for the next second").toBeUndefined();
  });

  it("reads what is new when the question has brought along that there is something", async () => {
    const t = await followed();
    await publish(revoked);
    const reading = await broughtAlong(t);
    expect(t.confirmedAtMs(), "nothing is vouched for yet").toBeLessThan(t.now());
    expect(await redis().commandsOf(() => reading.done())).toBe(1);
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
  });

  it.each([
    { what: "the log was lost", lose: async () => void (await redis().direct.del("tkc:log", "tkc:newest")) },
    { what: "its last id was lost", lose: async () => void (await redis().direct.del("tkc:newest")) },
  ])("takes it for no word at all when $what", async ({ lose }) => {
    const t = await followed();
    await lose();
    const confirmedMs = t.now() - 1_001;
    await broughtAlong(t);
    expect(t.says(t.readAtMs - 1_001)).not.toEqual({ kind: "confirmed", atMs: t.now() });
    expect(t.confirmedAtMs()).toBe(confirmedMs);
  });

  it("asks with what is wanted besides for the last id alone, in one request, and reads the log only if it is another", async () => {
    const t = await followed();
    const told: unknown[] = [];
    const also = (): Alongside => ({
      names: ["wanted"],
      wantsTime: true,
      heard: ([value], { redisMs }) => void told.push(value, typeof redisMs),
    });
    await redis().direct.set("wanted", "value");
    expect(await redis().commandsOf(async () => t.reading()?.done([also()])), "MGET and TIME").toBe(2);
    expect(told).toEqual(["value", "number"]);
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: t.now() });
    t.advance(1_000);
    await publish(revoked);
    expect(await redis().commandsOf(async () => t.reading()?.done([also()])), "and XRANGE").toBe(3);
    expect(t.says(t.readAtMs)).toEqual({ kind: "changed" });
  });

  it("asks for what is wanted besides no second time when a question took both along", async () => {
    const t = await followed();
    let times = 0;
    const also: Alongside = { names: ["wanted"], wantsTime: false, heard: () => void (times += 1) };
    await publish(revoked);
    const reading = t.reading();
    const alongside = [also, ...(reading === undefined ? [] : [reading.alongside])];
    await mgetAlongside(redis().client, [], { alongside, clock: t.now });
    expect(await redis().commandsOf(async () => reading?.done([also]))).toBe(1);
    expect(times).toBe(1);
  });

  it("says whether it went unread for so long that it vouches no more for what was read before", async () => {
    const t = await followed();
    expect(t.reading()?.isAfterGap).toBe(false);
    t.advance(4_000);
    expect(t.reading()?.isAfterGap).toBe(true);
  });

  it("vouches until the question that brought it along was asked, and not until its reply", async () => {
    const t = await followed();
    const askedMs = t.now();
    const reading = t.reading();
    const alongside = reading === undefined ? [] : [reading.alongside];
    const asking = mgetAlongside(redis().client, [], { alongside, clock: t.now });
    t.advance(300);
    await asking;
    expect(t.says(askedMs + 1)).toEqual({ kind: "confirmed", atMs: askedMs });
  });

  it("asks nothing for a request that has waited for Redis long enough", async () => {
    const t = await followed();
    const spent: WaitBudget = { within: async (_work, otherwise) => otherwise };
    expect(await redis().commandsOf(async () => t.reading(spent)?.done())).toBe(0);
  });

  it("goes with a log that is broken off, so that another's question is not told that nothing changed either", async () => {
    await publish({ kind: "key", keyId: "othersothers" });
    const t = await followed();
    const confirmedMs = t.confirmedAtMs();
    await redis().fault({ kind: "status", status: 400, contains: APPENDING, times: null });
    expect(await publish(revoked)).toBe("unavailable");
    await (await broughtAlong(t)).done();
    expect(t.confirmedAtMs()).toBe(confirmedMs);
    await redis().clearFaults();
  });

  it("knows nothing new of a log whose last entry came while the question was under way", async () => {
    const t = await followed();
    const reading = t.reading();
    const before = await redis().direct.get("tkc:newest");
    await publish(revoked);
    await t.refresh();
    reading?.alongside.heard([before], { askedAtMs: t.now() + 500, redisMs: undefined });
    expect(t.says(t.now() - 1_002), "of an older word nothing is confirmed").toEqual({ kind: "changed" });
    expect(t.confirmedAtMs()).toBeLessThan(t.now() + 500);
  });

  it("is not told that nothing changed by a Redis that is full: the log that cannot be written is broken off", async () => {
    const t = await followed();
    await t.refresh();
    const lastMs = t.now();
    await redis().fault({ kind: "status", status: 400, contains: APPENDING, times: null });
    expect(await publish(revoked)).toBe("unavailable");
    t.advance(1_000);
    await t.refresh();
    expect(t.says(t.readAtMs)).toEqual({ kind: "confirmed", atMs: lastMs });
    await redis().clearFaults();
  });

  it("does not grow without bound, because a log that is never read to its beginning needs none", async () => {
    const filler = Array.from({ length: 10_500 }, () => ["xadd", "tkc:log", "*", "change", "{}"]);
    await redis().direct.pipeline(filler).exec();
    await publish(revoked);
    expect(await redis().direct.xlen("tkc:log")).toBeLessThanOrEqual(10_200);
  });
});
