import { describe, expect, it } from "vitest";
import { upstashAnswerHeads } from "../../src/adapters/upstash-answer-heads.ts";
import { upstashAnswers } from "../../src/adapters/upstash-answers.ts";
import { callMark, everythingMark, subjectMark } from "../../src/adapters/upstash-purge-marks.ts";
import { answerKey } from "../../src/core/answer-key.ts";
import type { Entry } from "../../src/core/entry.ts";
import { callOf } from "../../src/core/parameters.ts";
import type { AnswerKey, SharedAnswers } from "../../src/core/ports.ts";
import type { AnswerHeads } from "../../src/core/warm-ports.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryAnswerHeads } from "../support/memory-answer-heads.ts";
import { memorySharedAnswers } from "../support/memory-answers-store.ts";
import { silentLog } from "../support/silent-log.ts";

const SCOPE = "pool:default";
const TENANT = "tenant:somebody";

function keyOf(userid: string): AnswerKey {
  const call = callOf(`/user-posts/?userid=${userid}`);
  if (call === undefined) throw new Error("no such call");
  return answerKey({ call, scope: SCOPE, tier: "download", namespaceVersion: "1" });
}

function entryFor({ identity }: AnswerKey): Entry {
  const windows = { fetchedAtMs: Date.now(), freshMs: 60_000, staleMs: 0, errorMs: 0, reservedAtMs: 7, derived: false };
  const kept = { identity, kind: "answer", status: 200, contentType: "application/json", windows: "feed" } as const;
  return { ...kept, ...windows, body: '{"videos":[]}\n{"fetchedAtMs":1}', etag: '"e"' };
}

type Marked = "everything" | "call" | "subject";
type Store = SharedAnswers & {
  readonly heads: AnswerHeads;
  /** Purges in the eyes of a view, at 5 for good and at 6 softly. */
  readonly purge: (view: string, key: AnswerKey, marked: Marked) => Promise<void>;
};

/** What callers rely on, whatever keeps the answers. */
function answerHeadsContract(make: () => Store): void {
  const put = (store: Store, key: AnswerKey) => store.put(key, { entry: entryFor(key), confirmedAtMs: Date.now() });
  const glance = (key: AnswerKey, views: readonly string[] = [SCOPE]) => ({ key, views });

  it("tells of each entry what stands in it, in the order asked, and nothing of what is not there", async () => {
    const store = make();
    const keys = Array.from({ length: 120 }, (_, at) => keyOf(String(at + 1)));
    const there = keys.filter((_, at) => at % 3 === 0);
    for (const key of there) await put(store, key);
    const heads = await store.heads.read(keys.map((key) => glance(key)));
    const identities = heads.map((head) => head?.entry.identity);
    expect(identities).toEqual(keys.map(({ identity }, at) => (at % 3 === 0 ? identity : undefined)));
    const { body: _, ...head } = entryFor(keys[0] ?? keyOf("1"));
    expect(heads[0]?.entry).toMatchObject({ ...head, fetchedAtMs: expect.any(Number) });
    expect(heads[0]?.purged).toEqual({ hardMs: 0, softMs: 0 });
  });

  it.each(["everything", "call", "subject"] as const)(
    "tells that it was purged by %s, to whom it was",
    async (marked) => {
      const store = make();
      const [key, other] = [keyOf("1"), keyOf("2")];
      await put(store, key);
      await put(store, other);
      await store.purge(TENANT, key, marked);
      const asked = [glance(key), glance(key, [SCOPE, TENANT]), glance(other, [SCOPE, TENANT])];
      const [notToHim, toHim, another] = await store.heads.read(asked);
      expect(notToHim?.purged.hardMs).toBe(0);
      expect(toHim?.purged.hardMs).toBeGreaterThan(0);
      expect((another?.purged.hardMs ?? 0) > 0).toBe(marked === "everything");
    },
  );

  it("reads nothing when it is asked nothing", async () => {
    expect(await make().heads.read([])).toEqual([]);
  });
}

describe("heads of answers in Redis", () => {
  const redis = useLocalRedis();
  const make = (): Store => ({
    ...upstashAnswers(redis().client, Date.now, silentLog),
    heads: upstashAnswerHeads(redis().client),
    async purge(view, key, marked) {
      const digest = await key.digest();
      const [subject = ""] = key.subjects;
      const marks = {
        everything: everythingMark(view),
        call: callMark(view, digest),
        subject: subjectMark(view, subject),
      };
      await redis().direct.set(marks[marked], "5 6");
    },
  });
  answerHeadsContract(make);

  it("are of no entry with another identity, which a collision of digests would be", async () => {
    const { heads, put } = make();
    const [key, other] = [keyOf("1"), keyOf("2")];
    await put({ ...key, identity: other.identity }, { entry: entryFor(other), confirmedAtMs: Date.now() });
    expect(await heads.read([{ key, views: [SCOPE] }])).toEqual([undefined]);
  });

  it("take one command for fifty answers with their marks", async () => {
    const { heads } = make();
    const glances = Array.from({ length: 50 }, (_, at) => ({ key: keyOf(String(at + 1)), views: [SCOPE, TENANT] }));
    await heads.read(glances);
    expect(await redis().commandsOf(() => heads.read(glances))).toBe(1);
  });

  it("throw when Redis does not answer: what is not known to be there is not fetched", async () => {
    await redis().fault({ kind: "down" });
    await expect(make().heads.read([{ key: keyOf("1"), views: [] }])).rejects.toThrow("Redis does not answer");
  });
});

describe("heads of answers in memory", () => {
  answerHeadsContract(() => {
    const answers = memorySharedAnswers(Date.now);
    return {
      ...answers,
      heads: memoryAnswerHeads(answers),
      async purge(view, key, marked) {
        const [subject = ""] = key.subjects;
        const targets = {
          everything: { kind: "everything" } as const,
          call: { kind: "call", identity: key.identity, digest: await key.digest() } as const,
          subject: { kind: "subject", subject } as const,
        };
        await answers.mark({ view, targets: [targets[marked]], mode: "hard" });
      },
    };
  });
});
