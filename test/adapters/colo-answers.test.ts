import { describe, expect, it } from "vitest";
import { coloAnswers } from "../../src/adapters/colo-answers.ts";
import { answerKey } from "../../src/core/answer-key.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { AnswerKey } from "../../src/core/ports.ts";
import { silentLog } from "../support/silent-log.ts";

const KEEP_MS = 60_000;

/** A colo's cache that never forgets by itself, so that what is refused is refused by the adapter. */
function endlessCache(): Cache {
  const responses = new Map<string, Response>();
  const addressOf = (request: RequestInfo | URL) => new Request(request).url;
  return {
    match: async (request) => responses.get(addressOf(request))?.clone(),
    put: async (request, response) => void responses.set(addressOf(request), response),
    delete: async (request) => responses.delete(addressOf(request)),
  };
}

function brokenCache(): Cache {
  const fail = () => Promise.reject(new Error("the cache does not answer"));
  return { match: fail, put: fail, delete: fail };
}

function keyOf(username: string): AnswerKey {
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new Error("the table is empty");
  const call = { endpoint, params: [["username", username]] } as const;
  return answerKey({ call, scope: "pool:default", tier: "", namespaceVersion: "1" });
}

function entryFor({ identity }: AnswerKey): Entry {
  const windows = { fetchedAtMs: 0, freshMs: 3_600_000, staleMs: 0, errorMs: 0 };
  const rest = { kind: "answer", status: 200, contentType: "application/json", etag: '"e"' } as const;
  return {
    identity,
    body: '{"nickname":"Zoë \\/"}',
    windows: "userid",
    reservedAtMs: 0,
    derived: false,
    ...rest,
    ...windows,
  };
}

function setUp(cache = endlessCache()) {
  let nowMs = 1_000_000;
  const logged: string[] = [];
  const log = { ...silentLog, error: (event: string) => void logged.push(event) };
  const colo = coloAnswers({ cache, keepMs: KEEP_MS, clock: () => nowMs }, log);
  return { colo, logged, confirmedAtMs: nowMs, advance: (ms: number) => void (nowMs += ms) };
}

describe("the colo's copy of an answer", () => {
  it("carries when Redis held it, so that the bound does not start anew with each copy", async () => {
    const { colo, confirmedAtMs, advance } = setUp();
    const key = keyOf("carried");
    const stored = { entry: entryFor(key), confirmedAtMs };
    advance(10_000);
    await colo.put(key, stored);
    advance(KEEP_MS - 10_001);
    expect(await colo.get(key)).toEqual({ kind: "found", stored });
    advance(1);
    expect(await colo.get(key)).toEqual({ kind: "absent" });
  });

  it.each([
    { afterMs: 20_500, told: ["max-age=39"], because: "the cache's room is everybody's" },
    { afterMs: KEEP_MS - 999, told: [], because: "a cache counts whole seconds, and none is left" },
    { afterMs: KEEP_MS, told: [], because: "the bound would be passed from the start" },
  ])("tells the cache $told when Redis held it $afterMs ms ago, because $because", async ({ afterMs, told }) => {
    const heard: (string | null)[] = [];
    const cache = endlessCache();
    cache.put = async (_request, response) => void heard.push(response.headers.get("cache-control"));
    const { colo, confirmedAtMs, advance } = setUp(cache);
    const key = keyOf("told");
    advance(afterMs);
    await colo.put(key, { entry: entryFor(key), confirmedAtMs });
    expect(heard).toEqual(told);
  });

  it("is never served for another call, though both have one digest", async () => {
    const { colo, confirmedAtMs } = setUp();
    const key = keyOf("victim");
    const colliding = { ...keyOf("attacker"), digest: key.digest };
    await colo.put(colliding, { entry: entryFor(colliding), confirmedAtMs });
    expect(await colo.get(colliding)).toMatchObject({ kind: "found" });
    expect(await colo.get(key)).toEqual({ kind: "absent" });
  });

  it("is absent when the cache does not answer, because Redis can still be asked", async () => {
    const { colo, logged, confirmedAtMs } = setUp(brokenCache());
    const key = keyOf("broken");
    await colo.put(key, { entry: entryFor(key), confirmedAtMs });
    expect(await colo.get(key)).toEqual({ kind: "absent" });
    expect(logged).toEqual(["colo-put-failed", "colo-get-failed"]);
  });
});
