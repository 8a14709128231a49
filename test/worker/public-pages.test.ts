import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, inject, it } from "vitest";
import { PUBLIC_TENANT } from "../../dev/seed.ts";
import { books } from "../support/books.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { ROOT, startGateway } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOUR_MS = 3_600_000;
const SETTINGS = {
  PUBLIC_TENANT,
  WARM_KEYWORDS: "cooking",
  WARM_BUDGET: "20",
  WARM_AGAIN_MS: "0",
  PAGES_PER_ADDRESS: "1000",
  PAGES_COLD_PER_MINUTE: "1000",
  // What a test changes of the tenant, and of what Redis has, is to be seen by its next request.
  KEY_FRESH_MS: "1",
  MEMORY_MS: "1",
};
const PERSON = { headers: { accept: "text/html" } };

describe("a public page", () => {
  const running = useGateway(SETTINGS);
  const operator = () => control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  const visit = async (path: string, init: RequestInit = PERSON, gateway = running().gateway) => {
    const response = await gateway.get(path, init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  const inBooks = <Row>(sql: string, ...params: readonly unknown[]) =>
    books(running().stack.database.url).query<Row>(sql, params);

  it("of a hashtag that cron has warmed is a hit for its first visitor", async () => {
    const { gateway, upstream } = running();
    await gateway.runCrons();
    await eventually(async () => expect(await upstream.calls()).toBe(1));
    await eventually(async () => {
      await gateway.runCrons();
      expect(await upstream.calls()).toBe(11);
    });
    await eventually(async () => {
      const { status, body } = await visit("/tags/cooking");
      expect(status).toBe(200);
      expect(body).toContain("<h1><bdi>#cooking</bdi></h1>");
    });
    expect(await upstream.calls()).toBe(11);
  });

  it("says to browsers, to caches in front and to search engines what they are to do with it", async () => {
    const { status, headers, body } = await visit("/tags/cooking");
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=60, stale-while-revalidate=300");
    const [, freshSeconds] =
      /^max-age=(\d+), stale-while-revalidate=3600, stale-if-error=86400$/.exec(
        headers.get("cdn-cache-control") ?? "",
      ) ?? [];
    expect(Number(freshSeconds), "no longer than its posts are fresh").toBeLessThanOrEqual(900);
    expect(Number(freshSeconds)).toBeGreaterThan(800);
    expect(headers.get("cache-tag")).toMatch(/^pages,tag-name-cooking,tag-\d+$/);
    for (const name of ["set-cookie", "ratelimit", "age", "vary"])
      expect(headers.get(name) ?? "accept-encoding", name).toMatch(/accept-encoding/i);
    const { url } = running().gateway;
    expect(body).toContain(`<link rel="canonical" href="${url}/tags/cooking"/>`);
    expect(body).toContain(`<meta property="og:url" content="${url}/tags/cooking"/>`);
    const [, data = ""] = /<script type="application\/ld\+json">(.+?)<\/script>/.exec(body) ?? [];
    expect(JSON.parse(data)).toMatchObject({ "@type": "CollectionPage", name: "#cooking" });
    expect(body).toMatch(
      /<a href="https:\/\/www\.tiktok\.com\/@[\w.]+\/(?:video|photo)\/\d+" rel="nofollow noopener">/,
    );
    expect(body).toMatch(/<a href="\/tags\/cookingchallenge">/);
    expect(body).not.toMatch(/<script(?! type="application\/ld\+json")|<style|\sstyle=|\son\w+=/);
  });

  it("weighs at most 60 kB with its styles, and waits for no script", async () => {
    const { body } = await visit("/tags/cooking");
    const { body: styles } = await visit("/static/tikedge.css");
    expect(gzipSync(body).length + gzipSync(styles).length).toBeLessThanOrEqual(60_000);
    expect(body).not.toContain("<script src");
  });

  it("is not sent again to who has it, and its head alone to who wants no more", async () => {
    const first = await visit("/tags/cooking");
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const same = await visit("/tags/cooking", { headers: { "if-none-match": `"other", W/${etag}` } });
    expect({ status: same.status, body: same.body, etag: same.headers.get("etag") }).toEqual({
      status: 304,
      body: "",
      etag,
    });
    expect(same.headers.get("cache-control")).toBe(first.headers.get("cache-control"));
    const head = await visit("/tags/cooking", { ...PERSON, method: "HEAD" });
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: "" });
    expect(head.headers.get("cache-tag")).toBe(first.headers.get("cache-tag"));
  });

  it.each([
    { path: "/tags/Cooking", to: "/tags/cooking" },
    { path: "/tags/%23cooking", to: "/tags/cooking" },
    { path: "/tags/cooking/", to: "/tags/cooking" },
    { path: "/tags/%c3%a9t%C3%A9", to: "/tags/%C3%A9t%C3%A9" },
    { path: "/tags/", to: "/tags" },
  ])("has one address: $path is at $to", async ({ path, to }) => {
    const { upstream } = running();
    const calls = await upstream.calls();
    const { status, headers } = await visit(path);
    expect({ status, location: headers.get("location") }).toEqual({ status: 301, location: to });
    expect(headers.get("cdn-cache-control")).toMatch(/^max-age=\d+/);
    expect(await upstream.calls()).toBe(calls);
  });

  it("is the same whatever is asked beside its path, since a cache in front would keep each", async () => {
    const { body } = await visit("/tags/cooking");
    const forwarded = {
      "x-forwarded-host": "evil.example",
      cookie: "a=b",
      authorization: "Bearer x",
      "x-api-key": "x",
    };
    expect((await visit("/tags/cooking?a=1&utm_source=x", { headers: { ...PERSON.headers, ...forwarded } })).body).toBe(
      body,
    );
  });

  it("is not there for a hashtag that nobody knows, which is kept too", async () => {
    const { upstream } = running();
    const calls = await upstream.calls();
    const { status, headers, body } = await visit("/tags/missing_one");
    expect(status).toBe(404);
    expect(headers.get("cache-control")).toBe("public, max-age=60");
    expect(headers.get("cdn-cache-control")).toBe("max-age=300");
    expect(headers.get("cache-tag")).toBe("pages,tag-name-missing_one");
    expect(body).toContain("TikTok knows no <bdi>#missing_one</bdi>");
    await eventually(async () => {
      const before = await upstream.calls();
      expect((await visit("/tags/missing_one")).status).toBe(404);
      expect(await upstream.calls()).toBe(before);
    });
    expect(await upstream.calls(), "and not searched for").toBe(calls + 1);
  });

  it.each(["/tags/a%20b", "/tags/%3Cscript%3E", "/tags/%E0%A4", "/tags/a%00b", "/tags/a/b", `/tags/${"x".repeat(81)}`])(
    "is refused in words for what is no hashtag: %s",
    async (path) => {
      const { upstream } = running();
      const calls = await upstream.calls();
      const { status, headers, body } = await visit(path);
      expect({ status, cacheControl: headers.get("cache-control") }).toEqual({ status: 400, cacheControl: "no-store" });
      expect(body).toContain("is not a hashtag");
      expect(body).not.toContain("<script>");
      expect(await upstream.calls()).toBe(calls);
    },
  );

  it.each(["POST", "PUT", "DELETE"])("is read and no more: %s", async (method) => {
    const { status, headers } = await visit("/tags/cooking", { ...PERSON, method });
    expect([status, headers.get("allow"), headers.get("cache-control")]).toEqual([405, "GET, HEAD", "no-store"]);
  });

  it("costs one fetch of each part, however many come for it at once", async () => {
    const { upstream } = running();
    const calls = await upstream.calls();
    const visits = await Promise.all(Array.from({ length: 30 }, () => visit("/tags/crowded")));
    expect(new Set(visits.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await upstream.calls()).toBe(calls + 3);
    await eventually(async () => {
      const payers = await inBooks("SELECT DISTINCT tenant_id FROM app.usage_events");
      expect(payers, "all of it is the public tenant's").toEqual([{ tenant_id: PUBLIC_TENANT }]);
      const ofPublic = "SELECT FROM app.usage_daily_rollup WHERE tenant_id = $1 AND hits > 0";
      expect(await inBooks(ofPublic, PUBLIC_TENANT)).not.toEqual([]);
    });
  });

  it("shows how a hashtag has grown, and those that grow most are listed first", async () => {
    const { stack } = running();
    const noted = await eventually(async () => {
      const rows = await inBooks<{ views: number }>(
        "SELECT views::float8 FROM app.hashtag_history WHERE name = 'crowded'",
      );
      expect(rows).toHaveLength(1);
      return rows[0]?.views ?? 0;
    });
    await inBooks(
      `INSERT INTO app.hashtag_history SELECT challenge_id, day - 3, name, users, views / 2
       FROM app.hashtag_history WHERE name = 'crowded'`,
    );
    // An isolate that has read nothing of it yet.
    const newcomer = await startGateway(stack, SETTINGS);
    try {
      const page = await visit("/tags/crowded", PERSON, newcomer);
      expect(page.body).toMatch(/<path class="line s1" vector-effect="non-scaling-stroke" d="M8,112L632,8"/);
      expect(page.body).toContain(`<td class="number">${noted.toLocaleString("en")}</td>`);
      const list = await visit("/tags", PERSON, newcomer);
      expect(list.body).toMatch(/#crowded<\/bdi>[\s\S]+\+100\.0 %[\s\S]+#cooking<\/bdi>/);
      expect(list.headers.get("cdn-cache-control")).toContain("max-age=300");
      const map = await visit("/sitemap.xml", PERSON, newcomer);
      expect(map.headers.get("content-type")).toBe("application/xml; charset=utf-8");
      expect(map.body).toContain(`<loc>${newcomer.url}/tags/crowded</loc><lastmod>`);
      expect((await visit("/robots.txt", PERSON, newcomer)).body).toContain(`Sitemap: ${newcomer.url}/sitemap.xml`);
    } finally {
      await newcomer.close();
    }
  });

  it("is made anew when the operator purges its hashtag, and says that no cache is in front of it here", async () => {
    const { upstream } = running();
    const calls = await upstream.calls();
    await visit("/tags/cooking");
    expect(await upstream.calls()).toBe(calls);
    const body = { subject: "challenge:#cooking", region: "default" };
    expect(await operator().post("/v1/cache/purge", { body })).toMatchObject({
      status: 200,
      body: { pages: "absent" },
    });
    await visit("/tags/cooking");
    expect(await upstream.calls(), "its figures and its posts").toBe(calls + 2);
    const user = { subject: "user:@tiktok", region: "default" };
    expect(await operator().post("/v1/cache/purge", { body: user })).toMatchObject({ body: { pages: "none" } });
    const related = { path: "/search-challenge/?keyword=cooking", region: "default" };
    expect(await operator().post("/v1/cache/purge", { body: related })).toMatchObject({ body: { pages: "absent" } });
  });

  it("is nobody's to purge but the operator's, because the platform takes a few purges a minute for all", async () => {
    const { gateway, shared } = running();
    const tenant = control(gateway, shared);
    const { status, body } = await tenant.post("/v1/cache/purge", { body: { subject: "challenge:#cooking" } });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty("pages");
  });

  it("is an old one when the budget is gone, and what there is no old one of is there later", async () => {
    const { stack, upstream } = running();
    const spend = async (monthly_quota: number | null) => {
      const { status } = await operator().patch(`/v1/tenants/${PUBLIC_TENANT}`, { body: { monthly_quota } });
      expect(status).toBe(200);
    };
    const [kept] = await inBooks<{ id: string }>(
      "SELECT challenge_id AS id FROM app.hashtag_history WHERE name = 'crowded'",
    );
    // Past the time in which they are refreshed behind the response.
    const age = (endpoint: string, text: string) =>
      stack.rewriteEntry(endpoint, text, (head) => ({
        ...head,
        fetchedAtMs: Number(head["fetchedAtMs"]) - 12 * HOUR_MS,
      }));
    await age("challenge-info-name", "crowded");
    await age("challenge-posts", kept?.id ?? "");
    await spend(1);
    try {
      const calls = await upstream.calls();
      const old = await visit("/tags/crowded");
      expect(old.status).toBe(200);
      expect(old.headers.get("cdn-cache-control")).toMatch(/^max-age=0,/);
      const cold = await visit("/tags/cold");
      expect([cold.status, cold.headers.get("cache-control")]).toEqual([503, "no-store"]);
      expect(Number(cold.headers.get("retry-after")), "when the next month begins").toBeGreaterThan(60);
      const program = await visit("/tags/cold", { headers: { accept: "application/json" } });
      expect(program.headers.get("content-type")).toBe("application/problem+json");
      expect(await upstream.calls()).toBe(calls);
    } finally {
      await spend(null);
    }
  });

  it("is there later for an address that has had its share, which still gets what is cached", async () => {
    const { stack, upstream } = running();
    const frugal = await startGateway(stack, { ...SETTINGS, PAGES_PER_ADDRESS: "3" });
    try {
      expect((await visit("/tags/first", PERSON, frugal)).status).toBe(200);
      const calls = await upstream.calls();
      const second = await visit("/tags/second", PERSON, frugal);
      expect(second.status).toBe(503);
      expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(second.headers.get("retry-after"))).toBeLessThanOrEqual(20);
      expect((await visit("/tags/first", PERSON, frugal)).status).toBe(200);
      expect(await upstream.calls()).toBe(calls);
    } finally {
      await frugal.close();
    }
  });
});

it("names in wrangler.toml an entrypoint that the Worker has, because the platform alone would say that it has not", async () => {
  const named = Array.from(
    (await readFile(join(ROOT, "wrangler.toml"), "utf8")).matchAll(/^\[exports\.(\w+)\]/gm),
    ([, name]) => name,
  );
  expect(named).toEqual(["PublicPages"]);
  const built = await readFile(join(inject("workerDir"), "index.js"), "utf8");
  for (const name of named) expect(built).toMatch(new RegExp(`export\\{[^}]*\\b${name}\\b[^}]*\\}`));
});
