import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { UpstreamReply } from "../../src/core/ports.ts";
import { onError } from "../../src/on-error.ts";
import { publicPagesRoute } from "../../src/pages/tags/route.tsx";
import { memoryHashtagHistory } from "../support/memory-hashtag-history.ts";
import { sampleTenant } from "../support/sample-key-record.ts";
import { silentLog } from "../support/silent-log.ts";
import { json, timeline } from "../support/timeline.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_700_000_000_000;
/** How long a page waits for its trend. Nothing here takes so long, unless it is to. */
const TREND_WAIT_MS = 500;
const NEVER = new Promise<void>(() => undefined);
const HOSTILE = `</script><script>alert(1)</script>"'><img src=x onerror=alert(2)>&lt;b&gt;\u202Eevil\u2066\n\u0000`;

const info = { id: "42", cha_name: "cats", desc: "", user_count: 10, view_count: 2_000, cover: "" };
const post = {
  video_id: "7300000000000000001",
  title: "Look",
  cover: "https://p16.media.example/a.jpeg",
  create_time: 1_690_000_000,
  author: { unique_id: "tiktok", nickname: "TikTok" },
  play_count: 1_500,
};

type Bodies = Readonly<Record<"info" | "posts" | "search", () => UpstreamReply>>;

/** The public pages of one isolate over doubles, and an upstream that answers so. */
function pages(bodies: Partial<Bodies> = {}, { warmKeywords = [] as readonly string[], trendWait = NEVER } = {}) {
  const t = timeline();
  const history = memoryHashtagHistory();
  type Statement = "note" | "of" | "rising";
  const state: {
    isPostgresDown: boolean;
    isPostgresSlow: boolean;
    failing: Statement | undefined;
    statements: number;
  } = {
    isPostgresDown: false,
    isPostgresSlow: false,
    failing: undefined,
    statements: 0,
  };
  const guarded =
    <Args extends readonly unknown[], Out>(name: Statement, work: (...args: Args) => Promise<Out>) =>
    async (...args: Args): Promise<Out> => {
      state.statements += 1;
      if (state.isPostgresSlow) return new Promise(() => undefined);
      if (state.isPostgresDown || state.failing === name) throw new Error("Postgres is down");
      return work(...args);
    };
  const answers: Bodies = {
    info: () => json(JSON.stringify(info)),
    posts: () => json(JSON.stringify({ videos: [post] })),
    search: () => json(JSON.stringify({ challenge_list: [{ cha_name: "Dogs", view_count: 1 }] })),
    ...bodies,
  };
  const send = async ({ endpoint }: { readonly endpoint: { readonly path: string } }): Promise<UpstreamReply> => {
    t.story.push(endpoint.path);
    const name =
      endpoint.path === "/challenge-posts/" ? "posts" : endpoint.path === "/search-challenge/" ? "search" : "info";
    const reply = answers[name]();
    return reply.kind === "complete" ? { ...reply, answeredAtMs: t.ports.clock() } : reply;
  };
  const app = new Hono().route(
    "/",
    publicPagesRoute({
      ...t.ports,
      pause: (ms) => (ms === TREND_WAIT_MS ? trendWait : t.ports.pause(ms)),
      upstream: { send },
      confirm: { ...t.ports.confirm, refresh: () => undefined },
      platformDownloadTier: true,
      publicTenantId: sampleTenant.id,
      tenantDirectory: { find: async () => ({ kind: "found", tenant: sampleTenant, readAtMs: 0 }) },
      limiter: { take: async () => ({ kind: "unavailable" }) },
      hits: { add: () => undefined },
      pagesPerAddress: 1,
      pagesColdPerMinute: 1,
      newRequestId: () => "request",
      hashtagHistory: {
        note: guarded("note", history.note),
        of: guarded("of", history.of),
        rising: guarded("rising", history.rising),
      },
      warmKeywords,
    }).onError(onError(silentLog)),
  );
  const behind: Promise<unknown>[] = [];
  const context = {
    waitUntil: (promise: Promise<unknown>) => void behind.push(promise),
    passThroughOnException: () => undefined,
    props: undefined,
  };
  const visit = async (path: string) => {
    const response = await app.request(
      `https://tikedge.example${path}`,
      { headers: { accept: "text/html" } },
      {},
      context,
    );
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return { ...t, history, state, visit, settled: async () => void (await Promise.all(behind.splice(0))) };
}

describe("whatever the upstream says", () => {
  const hostile = {
    info: () => json(JSON.stringify({ ...info, desc: HOSTILE, cover: "javascript:alert(3)" })),
    posts: () =>
      json(
        JSON.stringify({
          videos: [
            {
              ...post,
              title: HOSTILE,
              cover: 'https://p16.media.example/"onerror="alert(4)',
              author: { unique_id: HOSTILE, nickname: HOSTILE },
            },
            { ...post, video_id: "2", author: { unique_id: "a/../b", nickname: "A" } },
            { ...post, video_id: '3"><script>' },
          ],
        }),
      ),
    search: () =>
      json(JSON.stringify({ challenge_list: [{ cha_name: HOSTILE }, { cha_name: "javascript:alert(5)" }] })),
  };

  it("is text on the page, in its attributes and in its data: no tag, no script, no address comes of it", async () => {
    const { body } = await pages(hostile).visit("/tags/cats");
    const tags = new Set(Array.from(body.matchAll(/<(\w+)/g), ([, name]) => name));
    expect([...tags].filter((name) => ["b", "iframe", "object", "style"].includes(name ?? ""))).toEqual([]);
    expect(body.match(/<script/g)).toHaveLength(1);
    // Within quotes anything may stand that does not end them.
    expect(body.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/);
    const addresses = Array.from(body.matchAll(/\s(?:href|src)="([^"]*)"/g), ([, address = ""]) => address);
    for (const address of addresses)
      expect(address).toMatch(
        /^(?:#main|\/[\w./-]*|https:\/\/(?:tikedge\.example|www\.tiktok\.com|p16\.media\.example)\/[\w.@/%=()-]*)$/,
      );
    expect(body).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(body).not.toContain("\0");
    const [, data = ""] = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(body) ?? [];
    expect(data).not.toContain("<");
    expect(JSON.parse(data)).toMatchObject({ description: expect.stringContaining("</script><script>alert(1)") });
  });

  it.each([
    { posts: () => json('{"videos":[]}'), says: "There are no posts to show" },
    { posts: () => json('{"videos":[null,7,{}]}'), says: "There are no posts to show" },
  ])("is said in words where nothing is left of it", async ({ posts, says }) => {
    const { status, body } = await pages({ posts }).visit("/tags/cats");
    expect(status).toBe(200);
    expect(body).toContain(says);
  });
});

describe("a picture on a page", () => {
  const pictures = async (cover: string) => {
    const { body } = await pages({ posts: () => json(JSON.stringify({ videos: [{ ...post, cover }] })) }).visit(
      "/tags/cats",
    );
    return Array.from(body.matchAll(/<img src="([^"]+)"/g), ([, src]) => src);
  };
  /** The posts are fresh for a quarter of an hour, and the page may be shown for an hour after that. */
  const shownUntil = NOW_MS / 1_000 + 900 + 3_600;

  it.each([
    { expires: shownUntil + 1, shown: true, because: "it outlives the page" },
    { expires: shownUntil, shown: false, because: "it would be broken before the page is gone" },
  ])("that expires at $expires is shown: $shown, because $because", async ({ expires, shown }) => {
    const url = `https://p16.media.example/a.jpeg?x-expires=${expires}`;
    expect(await pictures(url)).toEqual(shown ? [url, url] : []);
  });

  it("asks for nothing until it is seen, tells nobody where it is, and is a drawn one without", async () => {
    const { body } = await pages().visit("/tags/cats");
    expect(body).toContain('alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer"');
    expect(
      (await pages({ posts: () => json(JSON.stringify({ videos: [{ ...post, cover: "" }] })) }).visit("/tags/cats"))
        .body,
    ).toContain('<div class="cover"></div>');
  });
});

describe("a page", () => {
  it("is fresh as long as the first of its parts, and asks for each once", async () => {
    const t = pages();
    expect((await t.visit("/tags/cats")).headers.get("cdn-cache-control")).toMatch(/^max-age=900,/);
    await t.settled();
    t.advance(600_000);
    expect((await t.visit("/tags/cats")).headers.get("cdn-cache-control")).toMatch(/^max-age=300,/);
    t.advance(600_000);
    const stale = await t.visit("/tags/cats");
    expect([stale.status, stale.headers.get("cdn-cache-control")?.split(",")[0]]).toEqual([200, "max-age=0"]);
    expect(t.story.filter((step) => step.startsWith("/"))).toHaveLength(3);
  });

  it("is made without related hashtags, and kept for a minute, where these are not to be had", async () => {
    const { status, body, headers } = await pages({ search: () => json("{}", 500) }).visit("/tags/cats");
    expect(status).toBe(200);
    expect(body).not.toContain("Related");
    expect(headers.get("cdn-cache-control")).toMatch(/^max-age=60,/);
  });

  it.each(["info", "posts"] as const)("is there later where its %s are not to be had", async (part) => {
    const { status, headers } = await pages({ [part]: () => json("{}", 500) }).visit("/tags/cats");
    expect([status, headers.get("cache-control")]).toEqual([503, "no-store"]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("is not there for what the upstream does not know, and asks for nothing else then", async () => {
    const t = pages({ info: () => json('{"status":"error","message":"Not found challenge"}') });
    const { status, headers } = await t.visit("/tags/cats");
    expect([status, headers.get("cdn-cache-control")]).toEqual([404, "max-age=300"]);
    expect(t.story.filter((step) => step.startsWith("/"))).toEqual(["/challenge-info-name/"]);
  });

  it("has no posts where the upstream gives no id to ask for them by", async () => {
    const t = pages({ info: () => json(JSON.stringify({ ...info, id: null })) });
    const { status } = await t.visit("/tags/cats");
    expect(status).toBe(200);
    expect(t.story).not.toContain("/challenge-posts/");
  });
});

describe("the trend of a hashtag", () => {
  it("is noted once a day, however often its page is made", async () => {
    const t = pages();
    for (let visits = 0; visits < 3; visits += 1) {
      await t.visit("/tags/cats");
      await t.settled();
    }
    expect(t.history.noted).toEqual([{ id: "42", name: "cats", day: "2023-11-14", users: 10, views: 2_000 }]);
    expect(t.state.statements, "one to note it, and one to read it").toBe(2);
  });

  it("is noted by a later visit where Postgres was down, but not when nobody has counted for hours", async () => {
    const t = pages();
    t.state.isPostgresDown = true;
    await t.visit("/tags/cats");
    await t.settled();
    t.state.isPostgresDown = false;
    t.advance(5 * HOUR_MS);
    await t.visit("/tags/cats");
    await t.settled();
    expect(t.history.noted).toEqual([]);
    // The next day, and still what the upstream said the day before.
    t.advance(-3 * HOUR_MS);
    await t.visit("/tags/cats");
    await t.settled();
    expect(t.history.noted).toMatchObject([{ day: "2023-11-14" }]);
  });

  it.each([
    { what: "notes it", says: {}, statements: 2, because: "one fails, and the other one had begun" },
    { what: "reads it", says: { user_count: null }, statements: 1, because: "there is nothing to note" },
  ])("is left alone for a while when Postgres fails who $what: $because", async ({ says, statements }) => {
    const t = pages({ info: () => json(JSON.stringify({ ...info, ...says })) });
    t.state.failing = statements === 1 ? "of" : "note";
    for (let visits = 0; visits < 3; visits += 1) {
      await t.visit("/tags/cats");
      await t.settled();
    }
    expect(t.state.statements).toBe(statements);
    t.advance(10_000);
    t.state.failing = undefined;
    await t.visit("/tags/cats");
    expect(t.state.statements, "and is tried again then").toBe(statements + 1);
  });

  it("is on the page once there are two days, with the numbers beside it", async () => {
    const t = pages();
    expect((await t.visit("/tags/cats")).body, "today alone is no trend").not.toContain("Trend");
    await t.history.note({ id: "42", name: "cats", day: "2023-11-12", users: 5, views: 1_000 });
    await t.history.note({ id: "42", name: "cats", day: "2023-11-13", users: 7, views: 1_234_567 });
    t.advance(10 * 60_000);
    const { body } = await t.visit("/tags/cats");
    expect(body).toContain("From 1K views on 2023-11-12 to 2K on 2023-11-14.");
    expect(body).toContain('<td class="">2023-11-13</td><td class="number">1,234,567</td><td class="number">7</td>');
    expect(body).toMatch(/<svg[^>]+role="img"[^>]+aria-label=/);
  });

  it("holds no page up: without Postgres, or with a slow one, the page has none", async () => {
    const down = pages();
    down.state.isPostgresDown = true;
    const { status, body } = await down.visit("/tags/cats");
    expect([status, body.includes("Trend")]).toEqual([200, false]);
    expect((await down.visit("/tags")).status).toBe(200);
    expect((await down.visit("/sitemap.xml")).status).toBe(200);
    const slow = pages({}, { trendWait: Promise.resolve() });
    slow.state.isPostgresSlow = true;
    expect((await slow.visit("/tags/cats")).status).toBe(200);
    const { statements } = slow.state;
    expect((await slow.visit("/tags/cats")).status).toBe(200);
    expect(slow.state.statements, "nor the next one, which asks nothing").toBe(statements);
  });

  it("is asked for once a minute for the lists, and what was known last stays while Postgres is down", async () => {
    const t = pages();
    await t.history.note({ id: "42", name: "cats", day: "2023-11-14", users: 5, views: 100 });
    expect((await t.visit("/tags")).headers.get("cdn-cache-control")).toMatch(/^max-age=300,/);
    t.state.isPostgresDown = true;
    expect((await t.visit("/tags")).body).toContain("#cats");
    t.advance(60_000);
    const old = await t.visit("/tags");
    expect(old.body).toContain("#cats");
    expect(old.headers.get("cdn-cache-control"), "to be made again soon").toMatch(/^max-age=10,/);
    const { statements } = t.state;
    await t.visit("/tags");
    expect(t.state.statements, "but not at once").toBe(statements);
    t.state.isPostgresDown = false;
    t.advance(10_000);
    await t.visit("/tags");
    await t.history.note({ id: "7", name: "dogs", day: "2023-11-14", users: 5, views: 100 });
    expect((await t.visit("/tags")).body).not.toContain("#dogs");
    t.advance(60_000);
    expect((await t.visit("/tags")).body).toContain("#dogs");
  });

  it("decides which hashtags are listed first; those that are kept warm are there without one", async () => {
    const t = pages({}, { warmKeywords: ["Cooking", "a b", "cats"] });
    await t.history.note({ id: "42", name: "cats", day: "2023-11-10", users: 5, views: 100 });
    await t.history.note({ id: "42", name: "cats", day: "2023-11-14", users: 5, views: 90 });
    await t.history.note({ id: "7", name: "old", day: "2023-11-01", users: 5, views: 90 });
    const { body } = await t.visit("/tags");
    const listed = Array.from(body.matchAll(/href="\/tags\/([^"]+)"/g), ([, name]) => name);
    expect(listed).toEqual(["cats", "cooking"]);
    expect(body).toContain("−10.0 %");
    expect((await t.visit("/sitemap.xml")).body).toContain(
      "<loc>https://tikedge.example/tags/old</loc><lastmod>2023-11-01</lastmod>",
    );
  });
});
