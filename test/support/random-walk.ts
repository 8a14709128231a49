import * as fc from "fast-check";
import { expect } from "vitest";
import { answer, type Answer } from "../../src/answer/answer.ts";
import { refresh } from "../../src/answer/refresh.ts";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { upstreamSearch } from "../../src/core/canonical.ts";
import type { Call } from "../../src/core/catalogue.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import type { Entry } from "../../src/core/entry.ts";
import { callOf } from "../../src/core/parameters.ts";
import { memoryAnswerStore } from "./memory-answers-store.ts";
import { json, timeline } from "./timeline.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two users, by whom some calls answer others, and lists that answer nothing else. */
const USERS = [
  { handle: "one", id: "101" },
  { handle: "two", id: "202" },
];
const PATHS = USERS.flatMap(({ handle, id }) => [
  `/userid/?username=${handle}`,
  `/userinfo-by-username/?username=${handle}`,
  `/userinfo-by-id/?userid=${id}`,
  `/user-posts/?userid=${id}`,
]);
/** Fresh and stale, as the design's table has them. */
const WINDOWS: Readonly<Record<string, readonly [freshMs: number, staleMs: number]>> = {
  "/userid/": [DAY, DAY],
  "/userinfo-by-username/": [HOUR, HOUR],
  "/userinfo-by-id/": [HOUR, HOUR],
  "/user-posts/": [15 * MINUTE, 15 * MINUTE],
};
const ISOLATES = 3;

export type Step =
  | {
      readonly do: "ask";
      readonly path: number;
      readonly isolate: number;
      readonly demand: "none" | "newer" | "cached";
    }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "deliver"; readonly message: number }
  | { readonly do: "purge"; readonly mode: "hard" | "soft"; readonly user: number | null }
  | { readonly do: "upstream"; readonly isDown: boolean }
  | { readonly do: "redis"; readonly isDown: boolean };

/** What may happen, asking most often. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      path: fc.nat(PATHS.length - 1),
      isolate: fc.nat(ISOLATES - 1),
      demand: fc.constantFrom("none" as const, "none" as const, "none" as const, "newer" as const, "cached" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 900, 2_500, 20_000, MINUTE, 14 * MINUTE, 16 * MINUTE, 50 * MINUTE, 3 * HOUR, 26 * HOUR),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("deliver" as const), message: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("purge" as const),
      mode: fc.constantFrom("hard" as const, "soft" as const),
      user: fc.option(fc.nat(USERS.length - 1), { nil: null }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("upstream" as const), isDown: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("redis" as const), isDown: fc.boolean() }) },
);

type Sent = { readonly url: string; readonly body: string; readonly atMs: number };

function urlOf(call: Call): string {
  return `${call.endpoint.path}${upstreamSearch(call)}`;
}

/** An upstream that never says the same twice, and remembers what it said. */
function upstreamOf(clock: () => number) {
  const sent: Sent[] = [];
  let isDown = false;
  const bodyOf = (url: string): string => {
    const user = USERS.find(({ handle, id }) => url.endsWith(`=${handle}`) || url.endsWith(`=${id}`));
    if (url.startsWith("/userid/")) return `{"id":"${user?.id}"}`;
    if (url.startsWith("/user-posts/")) return `{"videos":[{"video_id":"${sent.length}"}]}`;
    return `{"user":{"id":"${user?.id}","uniqueId":"${user?.handle}"},"stats":{"heart":${sent.length}}}`;
  };
  return {
    sent,
    setDown: (down: boolean) => void (isDown = down),
    send: async (call: Call) => {
      if (isDown) return { ...json('{"error":"down"}', 503), answeredAtMs: clock() };
      const url = urlOf(call);
      const body = bodyOf(url);
      sent.push({ url, body, atMs: clock() });
      return { ...json(body), answeredAtMs: clock() };
    },
  };
}

/** By the rules of the design, and not by the code that they are tested with. */
function couldSay(url: string, entry: Entry, sent: readonly Sent[]): boolean {
  const said = sent.filter(({ atMs }) => atMs === entry.fetchedAtMs);
  if (!entry.derived) return said.some((each) => each.url === url && each.body === entry.body);
  const user = USERS.find(({ handle, id }) => url.endsWith(`=${handle}`) || url.endsWith(`=${id}`));
  const sources = said.filter(({ url: from }) => from.startsWith("/userinfo-") && from !== url);
  return sources.some(({ body }) => {
    const profile = JSON.parse(body) as { user: { id: string; uniqueId: string } };
    if (profile.user.id !== user?.id || profile.user.uniqueId !== user.handle) return false;
    return url.startsWith("/userid/") ? entry.body === `{"id":"${user.id}"}` : entry.body === body;
  });
}

/** How old an answer may be that is served so. */
function boundMs(given: Answer, path: string): number {
  const [freshMs = 0, staleMs = 0] = WINDOWS[path] ?? [];
  if (given.kind === "stale") return freshMs + DAY;
  const isLate = given.kind === "refreshing" || (given.kind === "hit" && given.outage);
  return isLate ? freshMs + staleMs : freshMs;
}

/**
 * Lets it happen, over three isolates in two colos, and checks every answer. Returns the kinds of answers that were given. Fails when one was not
 * sent for its very call, or made by a rule; when it is older than its bound, or than was demanded; or when it was purged.
 */
export async function walk(steps: readonly Step[]) {
  const t = timeline();
  const { clock } = t.ports;
  const upstream = upstreamOf(clock);
  const colos = [memoryAnswerStore(clock), memoryAnswerStore(clock)];
  // A colo keeps what it is given for a minute from when Redis held it, as the real one does.
  const coloAt = (number: number) => {
    const colo = colos[number % colos.length] ?? t.colo;
    const kept = new Map<string, number>();
    return {
      put: async (...given: Parameters<typeof colo.put>) => {
        kept.set(given[0].identity, given[1].confirmedAtMs);
        await colo.put(...given);
      },
      get: async (key: Parameters<typeof colo.get>[0]) => {
        const confirmedAtMs = kept.get(key.identity) ?? -Infinity;
        const found = clock() - confirmedAtMs < MINUTE ? await colo.get(key) : ({ kind: "absent" } as const);
        return found.kind === "found" ? { ...found, stored: { ...found.stored, confirmedAtMs } } : found;
      },
    };
  };
  const shared = { ...t.ports, upstream, redis: t.redis };
  const isolates = Array.from({ length: ISOLATES }, (_, number) => ({
    ...shared,
    memory: memoryAnswers(1_000_000),
    waits: isolateWaits(clock),
    colo: coloAt(number),
  }));
  const purges: { readonly subjects: readonly string[] | null; readonly mode: string; readonly atMs: number }[] = [];
  const seen: string[] = [];

  const demandOf = (demand: "none" | "newer" | "cached") => {
    if (demand === "none") return NO_DEMAND;
    return demand === "cached"
      ? { ...NO_DEMAND, onlyIfCached: true }
      : { ...NO_DEMAND, fetchedFromMs: clock(), isForced: true };
  };

  async function ask({ path, isolate, demand }: Extract<Step, { do: "ask" }>) {
    const url = PATHS[path] ?? "";
    const ports = isolates[isolate] ?? shared;
    const demanded = demandOf(demand);
    const given = await answer(ports, { ...t.ask(url), demand: demanded });
    await t.settled();
    seen.push(given.kind);
    const entry = "stored" in given ? given.stored.entry : given.kind === "fetched" ? given.entry : null;
    if (entry === null) return;
    const endpoint = callOf(url)?.endpoint.path ?? "";
    const ageMs = clock() - entry.fetchedAtMs;
    expect(couldSay(url, entry, upstream.sent), `${url} never said ${entry.body}`).toBe(true);
    expect(ageMs, `${given.kind} of ${url}`).toBeLessThan(boundMs(given, endpoint));
    const isMet =
      entry.fetchedAtMs >= demanded.fetchedFromMs || given.kind === "stale" || ("outage" in given && given.outage);
    expect(isMet, `${given.kind} of ${url} is older than what was demanded`).toBe(true);
    const hard = purges.filter(
      ({ mode, subjects }) =>
        mode === "hard" && (subjects === null || subjects.some((name) => t.ask(url) && aboutOf(url).includes(name))),
    );
    const tooLate = hard.filter(
      ({ atMs }) =>
        entry.reservedAtMs <= atMs && clock() - atMs >= ("outage" in given && given.outage ? 15 * MINUTE : MINUTE),
    );
    expect(tooLate, `${given.kind} of ${url} was purged`).toEqual([]);
  }

  async function deliver(number: number) {
    const message = t.refreshes[number % Math.max(1, t.refreshes.length)];
    if (message === undefined) return;
    const before = upstream.sent.length;
    const isKnown = upstream.sent.some(({ url, atMs }) => url === message.path && atMs > (message.seenMs ?? 0));
    const asked = { ...t.ask(message.path), priority: "refresh" as const };
    // The consumer has it again when Redis does not answer.
    await refresh(isolates[0] ?? shared, asked, message.seenMs).catch(() => undefined);
    await t.settled();
    if (isKnown) expect(upstream.sent.length, "what was refreshed is not fetched again").toBe(before);
  }

  for (const each of steps) {
    if (each.do === "ask") await ask(each);
    else if (each.do === "pass") t.advance(each.ms);
    else if (each.do === "deliver") await deliver(each.message);
    else if (each.do === "upstream") upstream.setDown(each.isDown);
    else if (each.do === "redis") t.redis.isDown = each.isDown;
    else {
      const user = each.user === null ? undefined : USERS[each.user];
      const subjects = user === undefined ? null : [`user:${user.id}`, `user:@${user.handle}`];
      const targets =
        subjects === null
          ? [{ kind: "everything" as const }]
          : subjects.map((subject) => ({ kind: "subject" as const, subject }));
      const { atMs } = await t.redis.mark({ view: "pool:default", targets, mode: each.mode });
      purges.push({ subjects, mode: each.mode, atMs });
      t.advance(1);
    }
  }
  const failed = t.sent.filter(({ outcome }) => outcome !== "success").length;
  expect(t.sent.length - failed, "every answer of the upstream is in the books once").toBe(upstream.sent.length);
  return seen;
}

function aboutOf(url: string): readonly string[] {
  const user = USERS.find(({ handle, id }) => url.endsWith(`=${handle}`) || url.endsWith(`=${id}`));
  return url.includes("username=") ? [`user:@${user?.handle}`] : [`user:${user?.id}`];
}
