import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { onError } from "../../src/on-error.ts";
import { begin } from "../../src/pages/begin.ts";
import type { PagesEnv } from "../../src/pages/request.ts";
import { tryRoute } from "../../src/pages/try/route.tsx";
import { sampleTenant } from "../support/sample-key-record.ts";
import { silentLog } from "../support/silent-log.ts";
import { json, timeline } from "../support/timeline.ts";

const KEY = "tke_live_typed_in";
const PROFILE = "/try?endpoint=/userid/&value=tiktok";

/** The form over doubles. Without a public tenant it asks for a key, and `said` is what the data plane says to it. */
function trying({ publicTenantId = undefined as string | undefined, said = new Response("{}") } = {}) {
  const t = timeline();
  const asked: Request[] = [];
  t.replies(async () => json('{"id":"107955","said":"<b>&</b>"}'));
  const data = { fetch: (request: Request) => (asked.push(request), said.clone()) };
  const ports = {
    ...t.ports,
    data,
    confirm: { ...t.ports.confirm, refresh: () => undefined },
    platformDownloadTier: true,
    publicTenantId,
    tenantDirectory: { find: async () => ({ kind: "found", tenant: sampleTenant, readAtMs: 0 }) as const },
    limiter: { take: async () => ({ kind: "unavailable" }) as const },
    hits: { add: () => undefined },
    pagesPerAddress: 1,
    pagesColdPerMinute: 1,
  };
  const app = new Hono<PagesEnv>()
    .onError(onError(silentLog))
    .use(begin({ newRequestId: () => "request" }))
    .route("/try", tryRoute(ports));
  const behind: Promise<unknown>[] = [];
  const context = {
    waitUntil: (promise: Promise<unknown>) => void behind.push(promise),
    passThroughOnException: () => undefined,
    props: undefined,
  };
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { accept: "text/html", "cf-connecting-ip": "192.0.2.7" };
    const response = await app.request(`https://edge.example${path}`, { headers, ...init }, {}, context);
    await Promise.all(behind.splice(0));
    return { status: response.status, headers: response.headers, html: await response.text() };
  };
  const post = (fields: Record<string, string>) => ask("/try", { method: "POST", body: new URLSearchParams(fields) });
  return { asked, ask, post, advance: t.advance };
}

describe("a call that is tried", () => {
  it("is paid by the public tenant, then served from the cache with its age, and said as a program would see it", async () => {
    const { ask } = trying({ publicTenantId: sampleTenant.id });
    const first = await ask(PROFILE);
    expect(first.html).toContain("tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=86400");
    expect(first.html).toContain("<dt>X-Credits-Charged</dt><dd><code>1</code>");
    const second = await ask(PROFILE);
    expect(second.html).toMatch(/tikedge; hit; ttl=\d+; detail=memory/);
    expect(second.html).toContain("<dt>X-Credits-Charged</dt><dd><code>0</code>");
    expect(second.html).toContain("curl -i &#39;https://edge.example/userid/?username=tiktok&#39;");
  });

  it("shows what came as indented text, escaped", async () => {
    const { html } = await trying({ publicTenantId: sampleTenant.id }).ask(PROFILE);
    expect(html).toContain(
      "{\n  &quot;id&quot;: &quot;107955&quot;,\n  &quot;said&quot;: &quot;&lt;b&gt;&amp;&lt;/b&gt;",
    );
  });

  it("is asked with the visitor's key where nobody pays: by address, as its client would, and the key is shown nowhere", async () => {
    const said = new Response('{"status":401}', { status: 401, headers: { "server-timing": "cache;dur=1" } });
    const { asked, ask, post } = trying({ said });
    expect((await ask(PROFILE)).html).toContain('type="password"');
    expect(asked, "nothing is asked without a key").toEqual([]);
    const { status, html } = await post({ endpoint: "/userid/", value: "tiktok", key: ` ${KEY}\n` });
    expect([status, html.includes("<code>401</code>"), html.includes("cache;dur=1")]).toEqual([200, true, true]);
    expect(html).not.toContain(KEY);
    const [request] = asked;
    expect(request?.url).toBe("https://edge.example/userid/?username=tiktok");
    expect(request?.headers.get("x-api-key")).toBe(KEY);
    expect(request?.headers.get("cf-connecting-ip"), "guesses are counted by address").toBe("192.0.2.7");
  });

  it.each([
    { because: "it is no header", fields: { endpoint: "/userid/", value: "tiktok", key: "a\nb" }, status: 401 },
    { because: "there is no key", fields: { endpoint: "/userid/", value: "tiktok" }, status: 401 },
    { because: "it is not offered", fields: { endpoint: "/download-video/", value: "x", key: KEY }, status: 400 },
    { because: "it is no user name", fields: { endpoint: "/userid/", value: "<script>", key: KEY }, status: 400 },
    { because: "nothing was chosen", fields: {}, status: 400 },
  ])("is not asked when $because", async ({ fields, status }) => {
    const { asked, post } = trying();
    const refused = await post(fields);
    expect([refused.status, asked]).toEqual([status, []]);
    expect(refused.html).not.toContain("<script>");
  });

  it("is cut off where it is long, and says so", async () => {
    const { post } = trying({ said: new Response(JSON.stringify({ text: "x".repeat(30_000) })) });
    const { html } = await post({ endpoint: "/userid/", value: "tiktok", key: KEY });
    expect(html.length).toBeLessThan(26_000);
    expect(html).toContain("characters is left out here");
  });

  it("takes no key where it needs none", async () => {
    const { post, asked } = trying({ publicTenantId: sampleTenant.id });
    expect([(await post({ endpoint: "/userid/", value: "tiktok", key: KEY })).status, asked]).toEqual([405, []]);
  });
});
