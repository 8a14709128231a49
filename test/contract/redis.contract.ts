import { randomUUID } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { beforeAll, expect, it } from "vitest";

export type RedisUnderTest = { readonly restUrl: string; readonly token: string };

/** What the gateway relies on in a Redis, asked through the REST protocol as the Worker asks. Keys are new in every test. */
export function redisContract(connect: () => RedisUnderTest): void {
  let redis: Redis;
  const newKey = (): string => `contract:${randomUUID()}`;
  const run = (script: string, keys: string[] = [], args: (string | number)[] = []): Promise<unknown> =>
    redis.eval(script, keys, args);

  beforeAll(() => {
    const { restUrl, token } = connect();
    redis = new Redis({ url: restUrl, token, retry: { retries: 0 }, automaticDeserialization: false });
  });

  it("keeps a body of megabytes byte for byte, since an answer is served as it came", async () => {
    const body = JSON.stringify({ text: "✓ \\/ \u0001 é".repeat(200_000) });
    const key = newKey();
    await redis.set(key, body, { px: 60_000 });
    expect(await redis.get(key)).toBe(body);
  });

  it("forgets a key when its time is over, and says how long that is", async () => {
    const key = newKey();
    await redis.set(key, "1", { px: 60_000 });
    const left = await redis.pttl(key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    await redis.pexpire(key, 0);
    expect(await redis.get(key)).toBeNull();
    expect(await redis.pttl(key)).toBe(-2);
  });

  it("sets a key once when many try, or two would hold one lease", async () => {
    const key = newKey();
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_, at) => redis.set(key, String(at), { nx: true, px: 9_000 })),
    );
    expect(tries.filter((reply) => reply === "OK")).toHaveLength(1);
  });

  it("runs a script as one step, so that a hundred takers of ten take ten", async () => {
    const key = newKey();
    const take = `local left = tonumber(redis.call("GET", KEYS[1]) or ARGV[1])
        if left == 0 then return 0 end
        redis.call("SET", KEYS[1], left - 1, "PX", 60000)
        return 1`;
    const taken = await Promise.all(Array.from({ length: 100 }, () => run(take, [key], [10])));
    expect(taken.filter((reply) => reply === 1)).toHaveLength(10);
  });

  it("tells the time inside a script, in seconds and microseconds that never go back", async () => {
    const now = `local time = redis.call("TIME") return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`;
    const [first, second] = [Number(await run(now)), Number(await run(now))];
    expect(second).toBeGreaterThanOrEqual(first);
    expect(Math.abs(first - Date.now())).toBeLessThan(10_000);
  });

  it.each([
    { script: "return {1.9, -1.9}", is: [1, -1], because: "a number loses its fraction" },
    { script: "return {1, nil, 3}", is: [1], because: "a table ends at its first nil" },
    { script: "return {true, false}", is: [1, null], because: "true is 1 and false is nil" },
    {
      script: 'return redis.call("GET", "contract:absent") == false',
      is: 1,
      because: "an absent value is false in a script",
    },
    { script: 'return redis.call("SET", "contract:ok", "1").ok', is: "OK", because: "a status is a table with ok" },
    { script: 'return redis.call("INCR", "contract:n") > 0', is: 1, because: "a reply of a number is a number" },
    {
      // In two halves: the embedded Lua has 32-bit integers and writes ffffffff for all that is beyond them.
      script: 'return string.format("%08x%04x", math.floor(1767225600000 / 65536), 1767225600000 % 65536)',
      is: "019b76daa800",
      because: "an event id is written in hex",
    },
    {
      script: 'return tonumber("b", 16) % 4 + 8',
      is: 11,
      because: "the variant of an event id comes from random bits",
    },
    { script: "return tostring(9007199254740991)", is: "9.007199254741e+15", because: "Lua writes 14 digits" },
    {
      script: 'return string.format("%.0f", 9007199254740991)',
      is: "9007199254740991",
      because: "this writes them all",
    },
  ])("converts as Redis does: $because", async ({ script, is }) => {
    const reply = await run(script);
    expect(reply).toEqual(is);
  });

  it("reads and writes JSON in a script, with absent fields, nested lists and escaped text", async () => {
    const script = `local event = cjson.decode(ARGV[1])
        event.tags[#event.tags + 1] = "ü\\"/"
        event.absent = event.missing == nil and cjson.null or 1
        return cjson.encode({event.credits, event.tags, event.absent})`;
    const reply = await run(script, [], [JSON.stringify({ credits: 3, tags: ["a"], none: null })]);
    expect(JSON.parse(String(reply))).toEqual([3, ["a", 'ü"/'], null]);
  });

  it("gives back the error of a command inside a script, and keeps what ran before it", async () => {
    const key = newKey();
    await expect(run(`redis.call("SET", KEYS[1], "a") return redis.call("INCR", KEYS[1])`, [key])).rejects.toThrow(
      /not an integer/,
    );
    expect(await redis.get(key)).toBe("a");
    expect(await run(`return redis.pcall("INCR", KEYS[1]).err and "caught" or "missed"`, [key])).toBe("caught");
  });

  it("passes a refusal that a script words itself", async () => {
    await expect(run('return redis.error_reply("QUOTA none is left")')).rejects.toThrow(/QUOTA none is left/);
  });

  it("keeps hashes, whose absent fields are false in a script", async () => {
    const key = newKey();
    const script = `redis.call("HSET", KEYS[1], "a", 1, "b", 2)
        redis.call("HINCRBY", KEYS[1], "a", 5)
        local got = redis.call("HMGET", KEYS[1], "a", "c")
        return {got[1], tostring(got[2]), redis.call("HDEL", KEYS[1], "b", "c"), redis.call("HLEN", KEYS[1])}`;
    expect(await run(script, [key])).toEqual(["6", "false", 1, 1]);
  });

  it("keeps sorted sets, read by score with a limit: what is overdue comes first", async () => {
    const key = newKey();
    const script = `redis.call("ZADD", KEYS[1], 1767225600003, "c", 1767225600001, "a", 1767225600002, "b")
        local due = redis.call("ZRANGE", KEYS[1], "-inf", 1767225600002, "BYSCORE", "LIMIT", 0, 10)
        return {due, redis.call("ZREM", KEYS[1], unpack(due)), redis.call("ZSCORE", KEYS[1], "c")}`;
    expect(await run(script, [key])).toEqual([["a", "b"], 2, "1767225600003"]);
  });

  it("keeps lists of bounded length: the last dispatches of an upstream key", async () => {
    const key = newKey();
    const script = `for at = 1, 5 do redis.call("LPUSH", KEYS[1], at) redis.call("LTRIM", KEYS[1], 0, 2) end
        return {redis.call("LLEN", KEYS[1]), redis.call("LINDEX", KEYS[1], 0), redis.call("LINDEX", KEYS[1], 2), redis.call("LINDEX", KEYS[1], 3)}`;
    expect(await run(script, [key])).toEqual([3, "5", "3", null]);
  });

  it("keeps a stream in order of its ids, read from an id on with that one first: so a reader finds where it stopped", async () => {
    const key = newKey();
    const add = (value: string) => redis.exec<string>(["XADD", key, "MAXLEN", "~", 10_000, "*", "change", value]);
    const [first, second, third] = [await add("a"), await add('{"b":"\\u0001"}'), await add("c")];
    expect(await redis.exec(["XRANGE", key, second, "+", "COUNT", 10])).toEqual([
      [second, ["change", '{"b":"\\u0001"}']],
      [third, ["change", "c"]],
    ]);
    expect(await redis.exec(["XRANGE", key, "0", "+", "COUNT", 1])).toEqual([[first, ["change", "a"]]]);
    expect(await redis.exec(["XREVRANGE", key, "+", "-", "COUNT", 1])).toEqual([[third, ["change", "c"]]]);
    expect(await redis.exec(["XRANGE", newKey(), "0", "+", "COUNT", 10])).toEqual([]);
  });

  it("stamps a stream's ids with its own time in milliseconds, from which a reader may begin", async () => {
    const key = newKey();
    const id = await redis.exec<string>(["XADD", key, "*", "change", "a"]);
    const stampMs = Number(id.split("-")[0]);
    expect(Math.abs(stampMs - Date.now())).toBeLessThan(10_000);
    expect(await redis.exec(["XRANGE", key, stampMs, "+"])).toHaveLength(1);
    expect(await redis.exec(["XRANGE", key, stampMs + 1, "+"])).toEqual([]);
  });

  it("trims a stream to about what is asked, so that it does not grow without bound", async () => {
    const key = newKey();
    const script = `for at = 1, 500 do redis.call("XADD", KEYS[1], "MAXLEN", "~", 100, "*", "n", at) end
        return redis.call("XLEN", KEYS[1])`;
    expect(await run(script, [key])).toBeLessThanOrEqual(300);
  });

  it("runs a transaction whole, and none of it when a command is malformed", async () => {
    const key = newKey();
    expect(await redis.multi().set(key, "1").incr(key).pexpire(key, 60_000).exec()).toEqual(["OK", 2, 1]);
    await expect(redis.multi().incr(key).exec<[number]>()).resolves.toEqual([3]);
  });

  it("answers a script by its digest once it has it, and says NOSCRIPT before", async () => {
    const script = `return "${randomUUID()}"`;
    const digest = redis.createScript(script).sha1;
    await expect(redis.evalsha(digest, [], [])).rejects.toThrow(/NOSCRIPT/);
    const loaded = await redis.scriptLoad(script);
    expect(await redis.evalsha(loaded, [], [])).toBe(script.slice(8, -1));
  });

  it.each([
    { limiter: Ratelimit.tokenBucket(5, "1 h", 5), because: "the gateway's limiter" },
    { limiter: Ratelimit.slidingWindow(5, "1 h"), because: "another one of the library" },
  ])("runs the vendor's limiter exactly under concurrency: $because", async ({ limiter }) => {
    const ratelimit = new Ratelimit({ redis, limiter, prefix: newKey(), ephemeralCache: false, analytics: false });
    const decisions = await Promise.all(Array.from({ length: 20 }, () => ratelimit.limit("tenant")));
    expect(decisions.filter(({ success }) => success)).toHaveLength(5);
  });
}
