import { describe, expect, it } from "vitest";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { answer, type Ask } from "../../src/answer/answer.ts";
import { foretell } from "../../src/answer/foretell.ts";
import { inspect, type Held } from "../../src/answer/inspect.ts";
import { keyOf } from "../../src/answer/payer.ts";
import type { Stored } from "../../src/core/entry.ts";
import type { AnswerStore } from "../../src/core/ports.ts";
import { json, timeline } from "../support/timeline.ts";

const USER = "/userinfo-by-username/?username=tiktok";
const USER_ID = "/userid/?username=tiktok";
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BODY = '{"user":{"id":"107955","uniqueId":"tiktok"},"stats":{"heart":1}}';
const NOT_FOUND = '{"status":"error","message":"Not found user"}';

type Timeline = ReturnType<typeof timeline>;
type Payer = Partial<Ask["payer"]>;

/** As the colo's cache is: a copy stays as old as it came, and is gone when nobody may trust it any more. */
function coloCache({ clock, memoryMs }: Timeline["ports"]): AnswerStore {
  const kept = new Map<string, Stored>();
  return {
    async get({ identity }) {
      const stored = kept.get(identity);
      if (stored === undefined || clock() - stored.confirmedAtMs >= memoryMs) return { kind: "absent" };
      return { kind: "found", stored };
    },
    put: async ({ identity }, stored) => void kept.set(identity, stored),
  };
}

async function fetched(body = BODY): Promise<Timeline> {
  const simulated = timeline();
  const t = { ...simulated, ports: { ...simulated.ports, colo: coloCache(simulated.ports) } };
  t.replies(async () => json(body));
  await answer(t.ports, t.ask(USER));
  await t.settled();
  return t;
}

const asked = (t: Timeline, path: string, payer: Payer = {}): Ask => {
  const ask = t.ask(path);
  return { ...ask, payer: { ...ask.payer, ...payer } };
};

/** `fresh trusted`, `none hard`, `absent`. */
function said(held: Held): string {
  if (held.kind !== "present") return held.kind;
  const { standing, purge, isTrusted } = held;
  return [standing, ...(purge === "none" ? [] : [purge]), ...(isTrusted ? ["trusted"] : [])].join(" ");
}

async function look(t: Timeline, ask: Ask) {
  const inspected = await inspect(t.ports, { key: keyOf(t.ports, ask), ask });
  const means = { hasUpstreamKey: true, spending: { spent: { daily: 0, monthly: 0 }, nowMs: t.ports.clock() } };
  const foretold = foretell(t.ports, ask, { found: inspected.found, means });
  const { memory, colo, redis, retrievableUntilMs } = inspected;
  const lasts = retrievableUntilMs === null ? null : retrievableUntilMs - t.ports.clock();
  return { memory: said(memory), colo: said(colo), redis: said(redis), lasts, would: foretold.kind };
}

/** What a request came to, in the words of `foretell`. */
async function asIs(t: Timeline, ask: Ask): Promise<string> {
  const given = await answer(t.ports, ask);
  await t.settled();
  const words = {
    hit: "hit",
    refreshing: "stale",
    fetched: "fetch",
    stale: "last-resort",
    refused: "refuse",
    joined: "",
  };
  return words[given.kind];
}

const purge = (mode: "hard" | "soft", view: string) => async (t: Timeline) => {
  t.advance(SECOND);
  await t.redis.mark({ view, targets: [{ kind: "everything" }], mode });
  t.advance(MINUTE);
};
const later = (ms: number) => async (t: Timeline) => t.advance(ms);

type Row = {
  readonly after: (t: Timeline) => Promise<void>;
  readonly payer?: Payer;
  readonly path?: string;
  readonly body?: string;
  readonly is: Awaited<ReturnType<typeof look>>;
  readonly because: string;
};

const rows: readonly Row[] = [
  {
    after: later(SECOND),
    is: {
      memory: "fresh trusted",
      colo: "fresh trusted",
      redis: "fresh trusted",
      lasts: 25 * HOUR - SECOND,
      would: "hit",
    },
    because: "it was fetched a second ago, and is kept for a day past its hour",
  },
  {
    after: later(MINUTE),
    is: { memory: "fresh", colo: "absent", redis: "fresh trusted", lasts: 25 * HOUR - MINUTE, would: "hit" },
    because: "near copies count for a minute after Redis held them",
  },
  {
    after: later(HOUR),
    is: { memory: "stale", colo: "absent", redis: "stale trusted", lasts: 24 * HOUR, would: "stale" },
    because: "its window has ended exclusively",
  },
  {
    after: later(2 * HOUR),
    is: { memory: "last-resort", colo: "absent", redis: "last-resort", lasts: 23 * HOUR, would: "fetch" },
    because: "it may stand in for a failure only",
  },
  {
    after: later(25 * HOUR),
    is: { memory: "none", colo: "absent", redis: "absent", lasts: null, would: "fetch" },
    because: "nothing is kept for longer",
  },
  {
    after: purge("hard", "pool:default"),
    is: { memory: "fresh", colo: "absent", redis: "none hard", lasts: null, would: "fetch" },
    because: "it was purged for everybody",
  },
  {
    after: purge("soft", "pool:default"),
    is: {
      memory: "fresh",
      colo: "absent",
      redis: "stale soft trusted",
      lasts: 25 * HOUR - MINUTE - SECOND,
      would: "stale",
    },
    because: "it was purged softly, and is past its time since",
  },
  {
    after: async (t) => {
      await purge("hard", "pool:default")(t);
      await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    },
    path: USER_ID,
    is: { memory: "fresh", colo: "absent", redis: "none hard", lasts: null, would: "fetch" },
    because: "what was derived is purged with everything",
  },
  {
    after: async (t) => {
      t.advance(SECOND);
      await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    },
    is: { memory: "fresh trusted", colo: "fresh trusted", redis: "none hard", lasts: 59 * SECOND, would: "hit" },
    because: "a near copy counts until the log of changes tells of the purge, and for a minute at the most",
  },
  {
    after: purge("hard", "tenant:other"),
    is: {
      memory: "fresh",
      colo: "absent",
      redis: "fresh trusted",
      lasts: 25 * HOUR - MINUTE - SECOND,
      would: "hit",
    },
    because: "another tenant purged the pool in its own view",
  },
  {
    after: purge("hard", "tenant:tenant"),
    payer: { purgedAtMs: 1_700_000_001_000 },
    is: { memory: "none hard", colo: "absent", redis: "none hard", lasts: null, would: "fetch" },
    because: "the tenant purged the pool in its own view",
  },
  {
    after: later(SECOND),
    payer: { purgedAtMs: 1_700_000_000_500 },
    is: {
      memory: "none hard",
      colo: "none hard",
      redis: "fresh trusted",
      lasts: 25 * HOUR - SECOND,
      would: "hit",
    },
    because: "of the tenant's own purge only Redis knows what it was of",
  },
  {
    after: later(20 * MINUTE),
    payer: { windows: { userinfo: { freshMs: 10 * MINUTE, staleMs: 15 * MINUTE } } },
    is: { memory: "stale", colo: "absent", redis: "stale trusted", lasts: 25 * HOUR - 20 * MINUTE, would: "stale" },
    because: "the tenant tightened its windows",
  },
  {
    after: later(20 * MINUTE),
    payer: { windows: { userinfo: { freshMs: 10 * MINUTE, staleMs: 0 } } },
    is: { memory: "none", colo: "absent", redis: "none", lasts: null, would: "fetch" },
    because: "the tenant wants nothing stale, and so nothing staler either",
  },
  {
    after: later(2 * MINUTE),
    path: USER_ID,
    is: { memory: "fresh", colo: "absent", redis: "fresh trusted", lasts: 48 * HOUR - 2 * MINUTE, would: "hit" },
    because: "another call's answer filled its key, which the colo is not told of",
  },
  {
    after: later(SECOND),
    body: NOT_FOUND,
    is: {
      memory: "fresh trusted",
      colo: "fresh trusted",
      redis: "fresh trusted",
      lasts: 5 * MINUTE - SECOND,
      would: "hit",
    },
    because: "there is no such user, which is an answer too, without a stale window",
  },
  {
    after: later(5 * MINUTE),
    body: NOT_FOUND,
    is: { memory: "none", colo: "absent", redis: "absent", lasts: null, would: "fetch" },
    because: "who was not found is asked for again",
  },
  {
    after: later(0),
    path: "/userinfo-by-username/?username=nobody",
    is: { memory: "absent", colo: "absent", redis: "absent", lasts: null, would: "fetch" },
    because: "nobody has asked for it",
  },
  {
    after: later(0),
    path: "/download-video/?url=https://www.tiktok.com/@a/video/73",
    is: { memory: "absent", colo: "absent", redis: "absent", lasts: null, would: "fetch" },
    because: "a download is never kept",
  },
  {
    after: async (t) => {
      t.redis.isDown = true;
      t.advance(2 * MINUTE);
    },
    is: { memory: "fresh", colo: "absent", redis: "unavailable", lasts: 13 * MINUTE, would: "hit" },
    because: "while Redis does not answer, the isolate's copy counts for a quarter of an hour",
  },
  {
    after: async (t) => {
      t.redis.isDown = true;
      t.advance(15 * MINUTE);
    },
    is: { memory: "fresh", colo: "absent", redis: "unavailable", lasts: null, would: "refuse" },
    because: "while Redis does not answer, nobody knows whether it was paid for",
  },
];

describe("what the tiers hold of a call, and what would come of it", () => {
  it.each(rows)("is $is.would, with Redis $is.redis: $because", async ({ after, payer, path = USER, body, is }) => {
    const t = await fetched(body);
    await after(t);
    const ask = asked(t, path, payer);
    expect(await look(t, ask)).toEqual(is);
    expect(await look(t, ask), "looking changes nothing").toEqual(is);
    expect(await asIs(t, ask), "and what was said comes true").toBe(is.would);
  });

  it("is no hit any more once the log of changes has told of a purge", async () => {
    const t = await fetched();
    t.advance(SECOND);
    const { atMs } = await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    const told = { ...t, ports: { ...t.ports, confirm: { purgedAt: () => ({ hardMs: atMs, softMs: 0 }) } } };
    expect(await look(told, t.ask(USER))).toMatchObject({ memory: "none hard", colo: "none hard", would: "fetch" });
  });

  it("is looked at without a trace: nothing is kept nearer, spent, or asked to be refreshed", async () => {
    const t = await fetched();
    t.advance(HOUR);
    const [told, behind] = [[...t.story], t.refreshes.length];
    const memory = memoryAnswers(1_000_000);
    const ports = { ...t.ports, memory };
    const ask = t.ask(USER);
    const key = keyOf(ports, ask);
    expect((await inspect(ports, { key, ask })).found.kind).toBe("stale");
    await t.settled();
    expect(memory.get(key.identity)).toBeUndefined();
    expect(t.story).toEqual(told);
    expect(t.refreshes).toHaveLength(behind);
  });

  it("tells what is derived, and what is a not-found", async () => {
    const of = async (t: Timeline, path: string) => {
      const ask = t.ask(path);
      const { redis } = await inspect(t.ports, { key: keyOf(t.ports, ask), ask });
      return redis.kind === "present" ? redis.stored.entry : undefined;
    };
    expect(await of(await fetched(), USER_ID)).toMatchObject({ derived: true, kind: "answer" });
    expect(await of(await fetched(NOT_FOUND), USER)).toMatchObject({ derived: false, kind: "negative" });
  });
});
