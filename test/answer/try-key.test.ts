import { describe, expect, it } from "vitest";
import { tryKey } from "../../src/answer/try-key.ts";
import type { UpstreamReply } from "../../src/core/ports.ts";
import type { SealedUpstreamKey } from "../../src/core/tenant.ts";
import { json, timeline } from "../support/timeline.ts";

const sealed: SealedUpstreamKey = {
  id: "0199c0de-0000-7000-8000-0000000000aa",
  tenantId: "0199c0de-0000-7000-8000-00000000000a",
  version: 2,
  downloadTier: false,
  kekVersion: 1,
  wrapIv: "",
  wrappedKey: "",
  iv: "",
  ciphertext: "",
};

const KNOWN = json('{"id":"107955"}');
const LINKS = { play: "https://v.example/1", wmplay: "https://v.example/2", hdplay: "https://v.example/3" };
const post = (links: object) => json(JSON.stringify({ id: "73", play_count: 5, ...links }));
const REFUSED = json('{"message":"Api-Key is not available"}');
const TIMEOUT: UpstreamReply = { kind: "failed", reason: "timeout", status: 0 };

async function tried(...replies: readonly UpstreamReply[]) {
  const t = timeline();
  const waiting = [...replies];
  t.replies(async () => waiting.shift() ?? TIMEOUT);
  const upstreamKeys = {
    open: async () =>
      ({ kind: "opened", keys: [{ id: sealed.id, secret: "on trial", cap: 200, owner: "tenant" }] }) as const,
  };
  const ports = { ...t.ports, upstreamKeys, probePostUrl: "https://www.tiktok.com/@_/video/73" };
  const { background } = t.ask("/userid/?username=tiktok");
  const result = await tryKey(ports, { sealed, requestId: "request", background });
  await t.settled();
  return { ...result, dispatches: t.story.filter((step) => step === "dispatch").length };
}

describe("a key on trial", () => {
  it.each([
    { because: "all three links are there", links: LINKS, downloadTier: true },
    { because: "one of the links is empty", links: { ...LINKS, hdplay: "" }, downloadTier: false },
    {
      because: "one of the links is null, as the upstream writes it",
      links: { ...LINKS, wmplay: null },
      downloadTier: false,
    },
    { because: "there are no links", links: {}, downloadTier: false },
  ])("is good, with download links: $downloadTier, when $because", async ({ links, downloadTier }) => {
    expect(await tried(KNOWN, post(links))).toMatchObject({ verdict: "good", downloadTier, dispatches: 2 });
  });

  it("is good though the post is gone, because it was let in to be told so", async () => {
    const gone = json('{"status":"error","message":"Not found post"}');
    expect(await tried(KNOWN, gone)).toMatchObject({ verdict: "good", downloadTier: false });
  });

  it("is asked no second call after it was refused, because that would be refused too", async () => {
    expect(await tried(REFUSED)).toEqual({
      verdict: "rejected",
      downloadTier: false,
      probes: [{ endpoint: "/userid/", outcome: "account_error", credits_charged: 0, credits_in_doubt: 0 }],
      dispatches: 1,
    });
  });

  it("is rejected when its credits end with the first call", async () => {
    const result = await tried(KNOWN, REFUSED);
    expect(result.verdict).toBe("rejected");
    expect(result.probes.map((probe) => probe.credits_charged)).toEqual([1, 0]);
  });

  it.each([
    { reply: TIMEOUT, because: "no reply came" },
    { reply: json("{}", 500), because: "the upstream failed" },
    { reply: json("{}", 429), because: "the upstream was busy" },
    { reply: json('{"status":"error","message":"?","code":9}'), because: "the error is of neither known form" },
    { reply: json('{"status":"error","message":"Not found"}'), because: "the upstream knows not even its own account" },
    { reply: json('{"id":""}'), because: "there is no id in the answer" },
  ])("is not judged when $because", async ({ reply }) => {
    expect(await tried(reply, post(LINKS))).toMatchObject({ verdict: "not-probed", dispatches: 1 });
  });

  it.each([
    { reply: TIMEOUT, because: "no reply came" },
    { reply: json("{}", 502), because: "the upstream failed" },
  ])("is not judged when of the second call $because", async ({ reply }) => {
    expect(await tried(KNOWN, reply)).toMatchObject({ verdict: "not-probed", dispatches: 2 });
  });
});
