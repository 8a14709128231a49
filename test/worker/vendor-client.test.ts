import { request } from "node:http";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DIRECT_KEY } from "../support/upstream-control.ts";
import { useGateway } from "../support/use-gateway.ts";

/** A client with the habits of the vendor's own: HTTP/1.1, explicit defaults, gzip accepted, the status ignored, the body decoded. */
function vendorClient(baseUrl: string, apiKey: string) {
  return async (endpoint: string, params: Readonly<Record<string, string | number>>): Promise<unknown> => {
    const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)]));
    const url = `${baseUrl}/${endpoint}?${query.toString()}`;
    const headers = { "X-Api-Key": apiKey, "Accept-Encoding": "gzip, deflate, br", "User-Agent": "client/1.0" };
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sent = request(url, { method: "GET", headers, agent: false }, (response) => {
      const body = response.headers["content-encoding"] === "gzip" ? response.pipe(createGunzip()) : response;
      text(body).then((json) => resolve(JSON.parse(json)), reject);
    });
    sent.on("error", reject).end();
    return promise;
  };
}

describe("a client with the vendor client's habits", () => {
  const running = useGateway();

  it.each([
    { endpoint: "userid/", params: { username: "tiktok" } },
    { endpoint: "user-posts/", params: { userid: "107955", count: 10, cursor: 0 } },
    { endpoint: "user-followers/", params: { userid: "107955", count: 50, time: 0 } },
    { endpoint: "challenge-posts/", params: { challenge_id: "42", count: 10, cursor: 0, region: "" } },
    {
      endpoint: "search-video/",
      params: { keyword: "home cooking", count: 10, cursor: 0, region: "", publish_time: 0, sort_by: 0 },
    },
    { endpoint: "post-detail/", params: { url: "https://www.tiktok.com/@tiktok/video/7300000000000000001" } },
    { endpoint: "region-list/", params: {} },
    { endpoint: "userid/", params: { username: "missing_one" } },
  ])("gets from the gateway what it gets from the upstream: $endpoint $params", async ({ endpoint, params }) => {
    const { stack, gateway, shared } = running();
    const direct = await vendorClient(stack.upstream.url, DIRECT_KEY)(endpoint, params);
    const through = vendorClient(gateway.url, shared);
    expect(await through(endpoint, params)).toEqual(direct);
    expect(await through(endpoint, params)).toEqual(direct);
  });

  it("walks a feed by cursor to its end without meeting an item twice", async () => {
    const { gateway, shared } = running();
    const through = vendorClient(gateway.url, shared);
    const seen: string[] = [];
    let cursor: string | number = 0;
    for (let hasMore = true; hasMore;) {
      const page = (await through("user-posts/", { userid: "107955", count: 35, cursor })) as {
        videos: { video_id: string }[];
        cursor: string | number;
        hasMore: boolean;
      };
      seen.push(...page.videos.map(({ video_id }) => video_id));
      ({ cursor, hasMore } = page);
    }
    expect(seen.length).toBeGreaterThan(35);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("is told of a wrong key in JSON too, since it decodes whatever comes", async () => {
    expect(await vendorClient(running().gateway.url, "nonsense")("userid/", { username: "tiktok" })).toMatchObject({
      status: 401,
    });
  });
});
