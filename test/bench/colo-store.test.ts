import { describe, expect, it } from "vitest";
import { coloStore } from "../../bench/simulate/colo-store.ts";
import { answerKey } from "../../src/core/answer-key.ts";
import { answerStoreContract } from "../contract/answer-store.contract.ts";
import { callTo } from "../core/calls.ts";

describe("a colo's cache of the simulation", () => {
  answerStoreContract(async () => coloStore(Date.now, 60_000));

  it("keeps an answer a minute from when Redis last held it, however often it is copied", async () => {
    let nowMs = 1_000_000;
    const store = coloStore(() => nowMs, 60_000);
    const call = callTo("/userid/", "?username=tiktok");
    const key = answerKey({ call, scope: "pool:default", tier: "", namespaceVersion: "1" });
    const windows = { windows: "userid", freshMs: 86_400_000, staleMs: 0, errorMs: 0 } as const;
    const times = { fetchedAtMs: nowMs, reservedAtMs: nowMs };
    const text = { status: 200, contentType: "application/json", body: '{"id":"107955"}', etag: '"e"' };
    const entry = { identity: key.identity, kind: "answer", derived: false, ...text, ...times, ...windows } as const;
    const stored = { entry, confirmedAtMs: nowMs };
    await store.put(key, stored);
    nowMs += 30_000;
    await store.put(key, stored);
    nowMs += 29_999;
    expect(await store.get(key)).toEqual({ kind: "found", stored });
    nowMs += 1;
    expect(await store.get(key)).toEqual({ kind: "absent" });
  });
});
