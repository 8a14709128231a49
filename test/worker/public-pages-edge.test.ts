import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLIC_TENANT } from "../../dev/seed.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";
import { findVarnish, startEdge, type Edge } from "../support/varnish.ts";

const FRESH_MS = 4_000;
const WINDOWS = JSON.stringify(
  Object.fromEntries(
    ["challenge-info", "feed", "slow-feed"].map((name) => [name, { freshMs: FRESH_MS, staleMs: 600_000 }]),
  ),
);
/** Redis decides what is past its time; and posts go on, so that a page that is made anew is another one. */
const SETTINGS = { PUBLIC_TENANT, WINDOWS, MEMORY_MS: "1", PAGES_PER_ADDRESS: "1000", PAGES_COLD_PER_MINUTE: "1000" };

const varnish = await findVarnish();
if (varnish === undefined)
  process.stdout.write("no varnishd is installed: nothing stands in front of the public pages here\n");

describe.runIf(varnish !== undefined)("with a cache in front, a public page", () => {
  const running = useGateway(SETTINGS);
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(varnish ?? "", running().gateway.url);
  });
  afterAll(() => edge.close());

  const visit = async (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET") => {
    const response = await fetch(`${edge.url}${path}`, {
      method,
      redirect: "manual",
      headers: { accept: "text/html", ...headers },
    });
    return {
      status: response.status,
      from: response.headers.get("cf-cache-status"),
      headers: response.headers,
      body: await response.text(),
    };
  };

  it("is made for its first visitor, and the second one asks nobody, whoever that is", async () => {
    const { upstream } = running();
    const first = await visit("/tags/edge");
    expect([first.status, first.from]).toEqual([200, "MISS"]);
    const calls = await upstream.calls();
    const second = await visit("/tags/edge", { cookie: "session=somebody", "x-api-key": "somebody's" });
    expect([second.from, second.body]).toEqual(["HIT", first.body]);
    expect((await visit("/tags/edge", {}, "HEAD")).from).toBe("HIT");
    const etag = first.headers.get("etag") ?? "";
    expect((await visit("/tags/edge", { "if-none-match": etag })).status).toBe(304);
    expect(await upstream.calls()).toBe(calls);
    expect(first.headers.get("cache-control"), "what browsers are told").toBe(
      "public, max-age=60, stale-while-revalidate=300",
    );
  });

  it("is the old one while a new one is made, and nobody waits for it", async () => {
    const { upstream } = running();
    const old = await visit("/tags/ageing");
    await upstream.setClock({ advanceMs: 86_400_000 });
    const updating = await eventually(async () => {
      const seen = await visit("/tags/ageing");
      expect(seen.from).toBe("UPDATING");
      return seen;
    });
    expect([updating.status, updating.body]).toEqual([200, old.body]);
    await eventually(async () => {
      const seen = await visit("/tags/ageing");
      expect(seen.status).toBe(200);
      expect(seen.body).not.toBe(old.body);
    });
  });

  it("is kept by one address, and what is refused is not kept", async () => {
    expect([(await visit("/tags/Edge")).status, (await visit("/tags/Edge")).from]).toEqual([301, "HIT"]);
    expect([(await visit("/tags/missing_edge")).status, (await visit("/tags/missing_edge")).from]).toEqual([
      404,
      "HIT",
    ]);
    expect([(await visit("/tags/a%20b")).status, (await visit("/tags/a%20b")).from]).toEqual([400, "BYPASS"]);
  });

  it("goes when its tag is purged, and no other does", async () => {
    for (const path of ["/tags/cat", "/tags/cats", "/tags"]) await visit(path);
    expect(await edge.purge("tag-name-CAT")).toBe(200);
    expect((await visit("/tags/cat")).from).toBe("MISS");
    expect(["HIT", "UPDATING"]).toContain((await visit("/tags/cats")).from);
    expect(await edge.purge("pages")).toBe(200);
    for (const path of ["/tags/cat", "/tags/cats", "/tags"]) expect((await visit(path)).from, path).toBe("MISS");
  });
});
