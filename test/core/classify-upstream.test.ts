import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream } from "../../dev/upstream/server.ts";
import { upstreamSearch } from "../../src/core/canonical.ts";
import { classify } from "../../src/core/classify.ts";
import { sampleCalls } from "../support/sample-calls.ts";
import { callTo } from "./calls.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 12, 34, 56);

const active = { state: "active", credits: null, downloadTier: true } as const;

describe.each(["observed", "documented"] as const)("the upstream, with errors as %s", (errorStyle) => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  beforeAll(async () => {
    const keys = { good: active, plain: { ...active, downloadTier: false }, poor: { ...active, credits: 0 } };
    upstream = await startUpstream({ errorStyle, nowMs: NOW_MS, keys });
  });
  afterAll(() => upstream.close());

  async function outcomeOf(path: string, key: string) {
    const [pathname = "", search = ""] = path.split("?");
    const call = callTo(pathname, search);
    const response = await fetch(`${upstream.url}${pathname}${upstreamSearch(call)}`, {
      headers: { "x-api-key": key },
    });
    const { outcome } = classify(call.endpoint, {
      kind: "complete",
      status: response.status,
      contentType: "application/json",
      retryAfter: null,
      credits: null,
      answeredAtMs: NOW_MS,
      body: new Uint8Array(await response.arrayBuffer()),
    });
    return outcome;
  }

  it.each(sampleCalls)("%s is answered, and its answer recognised", async (call) => {
    expect(await outcomeOf(call, "good")).toBe("success");
  });

  it.each(sampleCalls.filter((call) => !call.startsWith("/download-")))(
    "%s is recognised without download links, because a tier takes links and no more",
    async (call) => expect(await outcomeOf(call, "plain")).toBe("success"),
  );

  it.each(sampleCalls.filter((call) => call.startsWith("/download-")))(
    "%s without its links is hollow, because links are all it has",
    async (call) => expect(await outcomeOf(call, "plain")).toBe("hollow"),
  );

  it.each(sampleCalls)("%s with a bad key, and with one out of credits, is the account's trouble", async (call) => {
    expect(await outcomeOf(call, "unknown")).toBe("account_error");
    expect(await outcomeOf(call, "poor")).toBe("account_error");
  });

  it.each([
    "/userid/?username=missing1",
    "/user-posts/?userid=4041",
    "/post-detail/?url=https://www.tiktok.com/@x/video/4041",
    "/download-video/?url=https://www.tiktok.com/@x/video/4041",
    "/playlist-info/?playlist_id=4041",
    "/ads-detail/?url=https://www.tiktok.com/@x/video/4041",
  ])("%s is not found", async (call) => expect(await outcomeOf(call, "good")).toBe("not_found"));

  it.each([
    "/user-posts/?userid=2041",
    "/user-followers/?userid=2041",
    "/user-playlists/?userid=2041",
    "/user-collections/?userid=2041",
    "/search-user/?keyword=empty",
    "/search-challenge/?keyword=empty",
    "/collection-posts/?collection_id=2041",
  ])("%s is empty", async (call) => expect(await outcomeOf(call, "good")).toBe("empty"));
});
