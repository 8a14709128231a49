import { expect, it } from "vitest";
import { answerKey } from "../../src/core/answer-key.ts";
import { type Call, findEndpoint } from "../../src/core/catalogue.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { AnswerKey, AnswerStore, SharedAnswers } from "../../src/core/ports.ts";

function callOf(username: string): Call {
  const endpoint = findEndpoint("/userid/");
  if (endpoint === undefined) throw new Error("no such endpoint");
  return { endpoint, params: [["username", username]] };
}

function keyOf(username: string, scope = "pool:default"): AnswerKey {
  return answerKey({ call: callOf(username), scope, tier: "download", namespaceVersion: "1" });
}

function entryFor(key: AnswerKey, more: Partial<Entry> = {}): Entry {
  const windows = { fetchedAtMs: Date.now(), freshMs: 60_000, staleMs: 0, errorMs: 0 };
  const body = '{"id":"1","nickname":"Zoë \\/ \u{1F600}"}';
  return {
    identity: key.identity,
    kind: "answer",
    status: 200,
    contentType: "application/json",
    body,
    etag: '"e"',
    windows: "userid",
    reservedAtMs: 0,
    derived: false,
    ...windows,
    ...more,
  };
}

/** What every store of answers outside the isolate promises. */
export function answerStoreContract(make: () => Promise<AnswerStore>): void {
  it("gives back what was put, character for character", async () => {
    const store = await make();
    const key = keyOf("kept");
    const entry = entryFor(key);
    await store.put(key, { entry, confirmedAtMs: Date.now() });
    expect(await store.get(key)).toMatchObject({ kind: "found", stored: { entry } });
  });

  it("is absent for what was never put", async () => {
    expect(await (await make()).get(keyOf("nobody"))).toEqual({ kind: "absent" });
  });

  it("keeps scopes apart, because tenants see no other's answers", async () => {
    const store = await make();
    const key = keyOf("scoped", "tenant:1");
    await store.put(key, { entry: entryFor(key), confirmedAtMs: Date.now() });
    expect(await store.get(keyOf("scoped", "tenant:2"))).toEqual({ kind: "absent" });
  });

  it("never serves what a collision put in its place, because the serialisation is compared", async () => {
    const store = await make();
    const key = keyOf("victim");
    const colliding = { ...keyOf("attacker"), scope: key.scope, endpoint: key.endpoint, digest: key.digest };
    await store.put(colliding, { entry: entryFor(colliding), confirmedAtMs: Date.now() });
    expect(await store.get(key)).toEqual({ kind: "absent" });
  });

  it("keeps nothing past its own bound", async () => {
    const store = await make();
    const key = keyOf("old");
    await store.put(key, { entry: entryFor(key, { fetchedAtMs: Date.now() - 60_001 }), confirmedAtMs: Date.now() });
    expect(await store.get(key)).toEqual({ kind: "absent" });
  });

  it("takes the later of two entries", async () => {
    const store = await make();
    const key = keyOf("twice");
    await store.put(key, { entry: entryFor(key, { body: "1" }), confirmedAtMs: Date.now() });
    await store.put(key, { entry: entryFor(key, { body: "2" }), confirmedAtMs: Date.now() });
    expect(await store.get(key)).toMatchObject({ kind: "found", stored: { entry: { body: "2" } } });
  });
}

/** What the one of all colos promises beside that; what it says of purges has a contract of its own. */
export function sharedAnswersContract(make: () => Promise<SharedAnswers>): void {
  it("keeps a derived entry unless there is one that was fetched no earlier", async () => {
    const store = await make();
    const key = keyOf("derived");
    const nowMs = Date.now();
    const put = (etag: string, fetchedAtMs: number) =>
      store.putBeside({
        scope: "pool:default",
        answers: [{ key, stored: { entry: entryFor(key, { etag, fetchedAtMs }), confirmedAtMs: nowMs } }],
        aliases: undefined,
      });
    const etagThere = async () => {
      const found = await store.get(key, []);
      return found.kind === "found" ? found.stored.entry.etag : found.kind;
    };
    await put("first", nowMs - 2_000);
    expect(await etagThere()).toBe("first");
    await put("older", nowMs - 3_000);
    expect(await etagThere()).toBe("first");
    await put("of the same time", nowMs - 2_000);
    expect(await etagThere()).toBe("first");
    await put("newer", nowMs - 1_000);
    expect(await etagThere()).toBe("newer");
  });

  it("knows either of two subjects by the other, in the scope in which they were linked", async () => {
    const store = await make();
    await store.putBeside({ scope: "pool:default", answers: [], aliases: ["user:1", "user:@one"] });
    expect(await store.linked("pool:default", "user:1")).toBe("user:@one");
    expect(await store.linked("pool:default", "user:@one")).toBe("user:1");
    expect(await store.linked("pool:other", "user:1")).toBeUndefined();
    expect(await store.linked("pool:default", "user:2")).toBeUndefined();
  });

  it("knows the last that a subject was linked with, because a name may have gone to somebody else", async () => {
    const store = await make();
    await store.putBeside({ scope: "pool:default", answers: [], aliases: ["user:1", "user:@one"] });
    await store.putBeside({ scope: "pool:default", answers: [], aliases: ["user:2", "user:@one"] });
    expect(await store.linked("pool:default", "user:@one")).toBe("user:2");
  });

  it("keeps several answers and a link at once, each by its own rule", async () => {
    const store = await make();
    const [one, other, old] = [keyOf("one"), keyOf("other"), keyOf("old")];
    const nowMs = Date.now();
    const stored = (key: AnswerKey, etag: string, fetchedAtMs: number) => ({
      key,
      stored: { entry: entryFor(key, { etag, fetchedAtMs }), confirmedAtMs: nowMs },
    });
    await store.putBeside({ scope: "pool:default", answers: [stored(other, "newer", nowMs)], aliases: undefined });
    const aliases = ["user:1", "user:@one"] as const;
    const answers = [
      stored(old, "past its bound", nowMs - 60_001),
      stored(one, "first", nowMs - 1_000),
      stored(other, "older", nowMs - 1_000),
    ];
    await store.putBeside({ scope: "pool:default", answers, aliases });
    await store.putBeside({ scope: "pool:default", answers: [], aliases: undefined });
    const found = await Promise.all([one, other, old].map((key) => store.get(key, [])));
    expect(found.map((each) => (each.kind === "found" ? each.stored.entry.etag : each.kind))).toEqual([
      "first",
      "newer",
      "absent",
    ]);
    expect(await store.linked("pool:default", "user:@one")).toBe("user:1");
  });
}
