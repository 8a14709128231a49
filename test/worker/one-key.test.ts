import { describe, expect, it } from "vitest";
import { useGateway } from "../support/use-gateway.ts";

/** Each list is one call, written in the ways that clients write it. */
const oneCall: Readonly<Record<string, readonly string[]>> = {
  "a feed": [
    "/challenge-posts/?challenge_id=42&count=20&cursor=0&region=us",
    "/challenge-posts/?count=20&challenge_id=42&region=us",
    "/challenge-posts/?region=US&cursor=&count=20&challenge_id=42",
    "/challenge-posts/?challenge%5Fid=42&count=020&region=Us",
    "/challenge-posts/?&challenge_id=42&&count=20&region=uS&",
    "/challenge-posts/?region=%55S&count=20&challenge_id=4%32&cursor=0",
    "/challenge-posts/?cursor=0&region=US&challenge_id=42&count=20",
    "/challenge-posts/?challenge_id=42&region=us&count=0020&cursor=",
  ],
  "a handle": [
    "/userinfo-by-username/?username=MrBeast",
    "/userinfo-by-username/?username=mrbeast",
    "/userinfo-by-username/?username=@mrbeast",
    "/userinfo-by-username/?username=%40MRBEAST",
    "/userinfo-by-username/?username=%6drbeast",
    "/userinfo-by-username/?user%6Eame=MRBEAST",
    "/userinfo-by-username/?&username=@MrBeast",
    "/userinfo-by-username/?username=mrBEAST&",
  ],
  "a post": [
    "/post-detail/?url=https://www.tiktok.com/@someone/video/7300000000000000011",
    "/post-detail/?url=https://www.tiktok.com/@other/video/7300000000000000011",
    "/post-detail/?url=https%3A%2F%2Fwww.tiktok.com%2F%40someone%2Fvideo%2F7300000000000000011%3Fis_from_webapp%3D1%26sender_device%3Dpc",
    "/post-detail/?url=https://www.tiktok.com/video/7300000000000000011",
    "/post-detail/?url=https://m.tiktok.com/@placeholder/video/7300000000000000011/",
    "/post-detail/?url=http://tiktok.com/@someone/video/7300000000000000011%23comments",
    "/post-detail/?url=https://www.tiktok.com/@someone/photo/7300000000000000011",
    "/post-detail/?url=https://WWW.TikTok.com/@Someone/video/7300000000000000011?_t=8abc",
  ],
  "a search": [
    "/search-video/?keyword=home+cooking&count=10&cursor=0&publish_time=0&sort_by=0&region=",
    "/search-video/?count=10&keyword=home%20cooking",
    "/search-video/?keyword=home%20cooking&count=10&sort_by=0",
    "/search-video/?publish_time=0&keyword=home+cooking&count=10",
    "/search-video/?cursor=&keyword=home+cooking&count=10&region=",
    "/search-video/?cursor=0&count=10&keyword=home+%63ooking",
    "/search-video/?keyword=%68ome+cooking&count=010",
    "/search-video/?region=&sort_by=&publish_time=&cursor=&count=10&keyword=home+cooking",
  ],
};

describe("one call has one key, however it is written", () => {
  const running = useGateway();

  it.each(Object.entries(oneCall))("%s", async (_name, ways) => {
    const { gateway, upstream, shared: key } = running();
    const before = await upstream.calls();
    const statuses: string[] = [];
    for (const way of ways) {
      const response = await gateway.get(way, { key });
      expect(response.status).toBe(200);
      statuses.push(response.headers.get("cache-status") ?? "");
    }
    expect(statuses[0]).toContain("fwd=uri-miss");
    for (const status of statuses.slice(1)) expect(status).toContain("tikedge; hit");
    expect(await upstream.calls()).toBe(before + 1);
  });

  it("keeps apart what differs in any meaningful way", async () => {
    const { gateway, upstream, shared: key } = running();
    const before = await upstream.calls();
    const calls = [
      "/user-posts/?userid=107955",
      "/user-posts/?userid=107955&count=10",
      "/user-posts/?userid=107955&count=11",
      "/user-posts/?userid=107955&count=10&cursor=1",
      "/user-posts/?userid=107956&count=10",
      "/user-liked/?userid=107955&count=10",
    ];
    for (const call of calls)
      expect((await gateway.get(call, { key })).headers.get("cache-status")).toContain("fwd=uri-miss");
    expect(await upstream.calls()).toBe(before + calls.length);
  });

  it("keeps a tenant with its own key apart from the pool, because its answers are its own", async () => {
    const { gateway, upstream, shared: key, byo } = running();
    const call = "/userid/?username=pooled";
    const before = await upstream.calls();
    await gateway.get(call, { key });
    const own = await gateway.get(call, { key: byo });
    expect(own.headers.get("cache-status")).toContain("fwd=uri-miss");
    expect(await upstream.calls()).toBe(before + 2);
  });
});
