import { describe, expect, it } from "vitest";
import { upstashAnswers } from "../../src/adapters/upstash-answers.ts";
import { answerKey } from "../../src/core/answer-key.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import { usualWindows } from "../../src/core/windows.ts";
import type { AnswerStore, SharedAnswers } from "../../src/core/ports.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryAnswerStore, memorySharedAnswers } from "../support/memory-answers-store.ts";
import { silentLog } from "../support/silent-log.ts";
import { answerStoreContract, sharedAnswersContract } from "./answer-store.contract.ts";

describe("answers in Redis", () => {
  const redis = useLocalRedis();

  answerStoreContract(async () => shared(upstashAnswers(redis().client, Date.now, silentLog)));
  sharedAnswersContract(async () => upstashAnswers(redis().client, Date.now, silentLog));

  it("writes a link anew when half of its days are over, and not with every answer that proves it", async () => {
    let nowMs = Date.now();
    const answers = upstashAnswers(redis().client, () => nowMs, silentLog);
    const linkKey = "tla:link:pool:default:user:1";
    const link = () => answers.putBeside({ scope: "pool:default", answers: [], aliases: ["user:1", "user:@one"] });
    await link();
    const first = await redis().direct.get(linkKey);
    nowMs += 2.9 * 86_400_000;
    expect(await redis().commandsOf(link), "one reading").toBe(1);
    expect(await redis().direct.get(linkKey)).toBe(first);
    nowMs += 0.2 * 86_400_000;
    expect(await redis().commandsOf(link)).toBe(3);
    expect(await redis().direct.get(linkKey)).not.toBe(first);
    expect(await answers.linked("pool:default", "user:1")).toBe("user:@one");
    expect(await redis().direct.pttl(linkKey)).toBeGreaterThan(5.9 * 86_400_000);
  });

  it("keeps a link for longer than any answer that it was proven with, because who purges the one has to find the other", async () => {
    let nowMs = Date.now();
    const answers = upstashAnswers(redis().client, () => nowMs, silentLog);
    const link = () => answers.putBeside({ scope: "pool:default", answers: [], aliases: ["user:1", "user:@one"] });
    await link();
    nowMs += 2.9 * 86_400_000;
    await link();
    const untilMs = Number((await redis().direct.get("tla:link:pool:default:user:1"))?.split(" ")[0]);
    const { freshMs, staleMs } = usualWindows({}).userid;
    expect(untilMs - nowMs, "that of a user's id is kept for the longest").toBeGreaterThan(freshMs + staleMs);
  });

  it("is unavailable, and not absent, when Redis does not answer: nobody knows what was paid for", async () => {
    const [endpoint] = endpoints;
    if (endpoint === undefined) throw new Error("the table is empty");
    const key = answerKey({ call: { endpoint, params: [] }, scope: "pool:default", tier: "", namespaceVersion: "1" });
    await redis().fault({ kind: "down" });
    const answers = upstashAnswers(redis().client, Date.now, silentLog);
    expect(await answers.get(key, [])).toEqual({ kind: "unavailable" });
    await redis().fault({ kind: "down" });
    await expect(answers.linked("pool:default", "user:1")).rejects.toThrow(Unavailable);
  });
});

describe("answers in memory", () => {
  answerStoreContract(async () => memoryAnswerStore(Date.now));
  sharedAnswersContract(async () => memorySharedAnswers(Date.now));
});

/** What it promises as a store like the others. */
function shared(store: SharedAnswers): AnswerStore {
  return { get: (key) => store.get(key, []), put: store.put };
}
