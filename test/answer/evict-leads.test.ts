import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { evictLeads } from "../../src/answer/evict-leads.ts";
import { keyOf } from "../../src/answer/payer.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Log } from "../../src/core/ports.ts";
import { json, timeline } from "../support/timeline.ts";

const PROFILE = '{"user":{"id":"1","uniqueId":"gone"},"stats":{}}';
const CHALLENGE = '{"id":"9","cha_name":"food","user_count":1}';
const MISSING = '{"status":"error","message":"Not found user"}';

const USERID = "/userid/?username=gone";
const POSTS = "/user-posts/?userid=1";

/** Asks, a second after what was asked before; says whether the upstream was asked. */
function asking(t: ReturnType<typeof timeline>) {
  return async (path: string, reply: string) => {
    t.advance(1_000);
    t.replies(() => Promise.resolve(json(reply)));
    const given = await answer(t.ports, t.ask(path));
    await t.settled();
    return given.kind;
  };
}

describe("what led to an id under which there is nothing", () => {
  it("is the answer that gave the id: it is asked for again, and the id of today is found", async () => {
    const t = timeline();
    const ask = asking(t);
    await ask(USERID, '{"id":"1"}');
    expect(await ask(USERID, '{"id":"1"}')).toBe("hit");
    await ask(POSTS, MISSING);
    expect(await ask(USERID, '{"id":"2"}')).toBe("fetched");
    expect(await ask(USERID, '{"id":"2"}'), "once").toBe("hit");
    expect(await ask(POSTS, MISSING), "that there is nothing stays known").toBe("hit");
  });

  it.each([
    {
      source: { path: "/userinfo-by-username/?username=gone", reply: PROFILE },
      missing: POSTS,
      evicted: [USERID, "/userinfo-by-id/?userid=1"],
    },
    {
      source: { path: "/userinfo-by-id/?userid=1", reply: PROFILE },
      missing: POSTS,
      evicted: [USERID, "/userinfo-by-username/?username=gone"],
    },
    {
      source: { path: "/challenge-info-name/?name=food", reply: CHALLENGE },
      missing: "/challenge-posts/?challenge_id=9",
      evicted: ["/challenge-info-id/?id=9"],
    },
    {
      source: { path: "/challenge-info-id/?id=9", reply: CHALLENGE },
      missing: "/challenge-posts/?challenge_id=9",
      evicted: ["/challenge-info-name/?name=food"],
    },
  ])(
    "is what was derived of $source.path, and not the upstream's own word for it",
    async ({ source, missing, evicted }) => {
      const t = timeline();
      const ask = asking(t);
      await ask(source.path, source.reply);
      for (const path of evicted) expect(await ask(path, MISSING), "derived").toBe("hit");
      await ask(missing, MISSING);
      expect(await ask(source.path, source.reply)).toBe("hit");
      for (const path of evicted) expect(await ask(path, MISSING), path).toBe("fetched");
    },
  );

  it("is nothing of another scope: what a tenant finds missing for itself the pool does not lose", async () => {
    const t = timeline();
    const ask = asking(t);
    await ask(USERID, '{"id":"1"}');
    const { payer, ...asked } = t.ask(POSTS);
    t.replies(() => Promise.resolve(json(MISSING)));
    await answer(t.ports, { ...asked, payer: { ...payer, scope: "tenant:tenant" } });
    await t.settled();
    expect(await ask(USERID, MISSING)).toBe("hit");
  });

  it.each([
    { missing: POSTS, asked: ["user:1"], because: "nobody knows a name of it" },
    { missing: "/userinfo-by-username/?username=gone", asked: [], because: "a name is not an id" },
    { missing: "/music-posts/?music_id=1", asked: [], because: "a sound has no name" },
  ])("is nothing after $missing, and no name is looked for without need: $because", async ({ missing, asked }) => {
    const t = timeline();
    const looked: string[] = [];
    const linked: typeof t.redis.linked = async (scope, subject) => {
      looked.push(subject);
      return t.redis.linked(scope, subject);
    };
    t.replies(() => Promise.resolve(json(MISSING)));
    await answer({ ...t.ports, redis: { ...t.ports.redis, linked } }, t.ask(missing));
    await t.settled();
    expect(t.changes).toEqual([]);
    expect(looked).toEqual(asked);
  });

  it("is left alone when the thing is there and withheld, because its id is right", async () => {
    const t = timeline();
    const ask = asking(t);
    await ask(USERID, '{"id":"1"}');
    await ask(POSTS, '{"status":"error","message":"This user is private"}');
    expect(await ask(USERID, MISSING)).toBe("hit");
  });

  it("is purged once, however often nothing is found", async () => {
    const t = timeline();
    const ask = asking(t);
    await ask(USERID, '{"id":"1"}');
    for (let times = 0; times < 3; times += 1) {
      expect(await ask(POSTS, MISSING)).toBe("fetched");
      t.advance(300_000);
    }
    expect(t.changes).toHaveLength(1);
  });

  it("is not what was fetched since: that knows of the loss", async () => {
    const t = timeline();
    await asking(t)(USERID, '{"id":"1"}');
    await evict(t, { reservedAtMs: t.ports.clock() - 60_000 });
    expect(t.changes).toEqual([]);
    await evict(t, { reservedAtMs: t.ports.clock() + 1 });
    expect(t.changes).toHaveLength(1);
  });

  it("is not what is known to be no one's already", async () => {
    const t = timeline();
    const ask = asking(t);
    await ask(USERID, '{"id":"1"}');
    t.advance(49 * 3_600_000);
    expect(await ask(USERID, MISSING)).toBe("fetched");
    await ask(POSTS, MISSING);
    expect(t.changes).toEqual([]);
    expect(await ask(USERID, MISSING)).toBe("hit");
  });

  it("is never the call itself, whose new answer is on its way into the store", async () => {
    const t = timeline();
    await asking(t)("/userinfo-by-username/?username=gone", PROFILE);
    await evict(t, { reservedAtMs: t.ports.clock() + 1 }, {}, "/userinfo-by-id/?userid=1");
    const identities = t.changes.flatMap((change) =>
      change.kind === "purge" ? change.targets.map((target) => JSON.stringify(target)) : [],
    );
    expect(identities).toHaveLength(1);
    expect(identities[0]).toContain("/userid/");
  });

  it("stays when Redis does not answer, which is logged: the answer that was paid for is stored all the same", async () => {
    const t = timeline();
    await asking(t)(USERID, '{"id":"1"}');
    const logged: string[] = [];
    const log: Log = { info: () => undefined, error: (event) => void logged.push(event) };
    const purges = { mark: () => Promise.reject(new Unavailable("Redis does not answer")) };
    await evict(t, { reservedAtMs: t.ports.clock() + 1 }, { purges, log });
    expect(logged).toEqual(["leads-not-evicted"]);
  });
});

type Timeline = ReturnType<typeof timeline>;

/** As if a not-found, reserved at a time, were stored now. */
async function evict(
  t: Timeline,
  when: { readonly reservedAtMs: number },
  ports: Partial<Timeline["ports"]> = {},
  path = POSTS,
) {
  const ask = t.ask(path);
  const key = keyOf(t.ports, ask);
  const windows = { windows: "not-found", freshMs: 1, staleMs: 0, errorMs: 0, fetchedAtMs: 0 } as const;
  const head = { kind: "negative", status: 200, contentType: "", etag: "", derived: false } as const;
  const entry = { ...head, ...windows, ...when, identity: key.identity, body: MISSING };
  await evictLeads({ ...t.ports, ...ports }, { key, ask }, { entry, json: JSON.parse(MISSING) });
}
