import { describe, expect, it } from "vitest";
import { PUBLIC_TENANT } from "../../dev/seed.ts";
import { follow } from "../support/follow.ts";
import { hostileText } from "../support/hostile.ts";
import { expectReadable } from "../support/readable.ts";
import { useBrowser } from "../support/use-browser.ts";

describe("a hashtag's page", () => {
  const { running, visit } = useBrowser({ PUBLIC_TENANT });

  it("is fetched for its first visitor and a hit for the next, who needs no scripts, and both can read it", async () => {
    const { upstream } = running();
    const first = await visit();
    await first.goto("/tags/cooking");
    expect(await first.locator("h1").textContent()).toBe("#cooking");
    await expectReadable(first);
    const calls = await upstream.calls();
    expect(calls).toBeGreaterThan(0);
    const next = await visit({ javaScriptEnabled: false, width: 320, colorScheme: "dark" });
    await next.goto("/tags/cooking");
    expect(await next.getByRole("heading", { name: "Newest" }).count()).toBe(1);
    expect(await upstream.calls(), "the next one cost nothing").toBe(calls);
    await follow(next.getByRole("link", { name: "All hashtags" }));
    expect(await next.title()).toBe("Trending hashtags · Tikedge");
  });

  it("that there is none of says so, and can be read", async () => {
    const page = await visit({ refusals: [[404, "/tags/missingtag"]] });
    await page.goto("/tags/missingtag");
    expect(await page.locator("h1").textContent()).toBe("There is no hashtag by this name");
    await expectReadable(page);
    await page.goto("/tags");
    await expectReadable(page);
  });

  it("of an upstream that says whatever it likes runs nothing and breaks nothing", async () => {
    const { upstream } = running();
    const [text, name] = [hostileText(2_000), hostileText(100)];
    const info = { id: "77", cha_name: name, desc: text, user_count: 1, view_count: 2, cover: "javascript:alert(5)" };
    const author = { unique_id: name, nickname: text, avatar: `https://p16.media.example/"onerror="alert(6)` };
    const video = { video_id: "7300000000000000009", title: text, cover: "http://plain.example/a.jpg", create_time: 1 };
    const says = async (path: string, body: unknown) =>
      upstream.fault({ kind: "status", status: 200, path, times: 1, charged: true, body: JSON.stringify(body) });
    await says("/challenge-info-name/", info);
    await says("/challenge-posts/", { videos: [{ ...video, author, play_count: 3 }], cursor: 0, hasMore: false });
    await says("/search-challenge/", { challenge_list: [{ ...info, id: "78" }], cursor: 0, has_more: false });
    const page = await visit();
    await page.goto("/tags/hostile");
    expect(await page.locator("main").textContent()).toContain("<script>alert(1)</script>");
    expect(await page.locator("main script, main svg[onload], main img[onerror]").count()).toBe(0);
    await expectReadable(page);
  });
});
