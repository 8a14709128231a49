import { describe, expect, it } from "vitest";
import { upstashLedger } from "../../src/adapters/upstash-ledger.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { LEDGER_SETTINGS } from "../support/sample-order.ts";
import { sampleEvent } from "../support/sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

describe("what the ledger in Redis cannot read", () => {
  const redis = useLocalRedis();

  const logged: unknown[] = [];
  const ledger = () => {
    logged.length = 0;
    return upstashLedger(redis().client, LEDGER_SETTINGS, {
      info: () => undefined,
      error: (...line) => void logged.push(line),
    });
  };
  const put = async (kind: "open" | "outbox", id: string, value: string | null, sinceMs: number) => {
    if (value !== null) await redis().direct.hset(`tkl:${kind}`, id, value);
    if (kind === "outbox") await redis().direct.zadd("tkl:outbox-since", sinceMs, id);
  };

  it.each([
    { kind: "open", id: "no-uuid", value: "{}", because: "its id has no time" },
    { kind: "open", id: sampleEvent(TENANT).eventId, value: "{", because: "it is no JSON" },
    { kind: "outbox", id: sampleEvent(TENANT).eventId, value: "{}", because: "it is no event" },
    {
      kind: "outbox",
      id: sampleEvent(TENANT).eventId,
      value: JSON.stringify(sampleEvent(TENANT)),
      because: "forgotten by its own id it would stay under this one",
    },
  ] as const)("is set aside with what it was: $because", async ({ kind, id, value }) => {
    await put(kind, id, value, 1_000);
    expect(await (kind === "open" ? ledger().abandoned(0, 10) : ledger().unrecorded(0, 10))).toEqual([]);
    expect(await redis().direct.hgetall("tkl:unreadable")).toEqual({ [id]: value });
    expect(await redis().direct.exists(`tkl:${kind}`, `tkl:${kind}-since`)).toBe(0);
    expect(logged).toEqual([["ledger-values-unreadable", { ids: [id], from: `tkl:${kind}` }]]);
  });

  it("is set aside when there is only its time, because it would be found for ever", async () => {
    await put("outbox", "lost", null, 1_000);
    expect(await ledger().unrecorded(0, 10)).toEqual([]);
    expect(await redis().direct.hgetall("tkl:unreadable")).toEqual({ lost: "" });
    expect(await redis().direct.exists("tkl:outbox-since")).toBe(0);
  });

  it("blocks nobody behind it, however much there is of it", async () => {
    const event = sampleEvent(TENANT);
    for (const id of ["a", "b", "c"]) await put("outbox", id, "damage", 1_000);
    await put("outbox", event.eventId, JSON.stringify(event), 2_000);
    expect(await ledger().unrecorded(0, 3)).toEqual([]);
    expect(await ledger().unrecorded(0, 3)).toEqual([event]);
  });

  it("keeps its value when five sweeps find it at the same time, because the last must not overwrite it with nothing", async () => {
    await put("open", "damage", "the only copy", 1_000);
    await Promise.all(Array.from({ length: 5 }, () => ledger().abandoned(0, 10)));
    expect(await redis().direct.hgetall("tkl:unreadable")).toEqual({ damage: "the only copy" });
  });
});
