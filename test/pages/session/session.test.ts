import { Hono } from "hono";
import { beforeAll, describe, expect, it } from "vitest";
import { importPepper } from "../../../src/core/api-key.ts";
import { problems } from "../../../src/core/problem.ts";
import { onError } from "../../../src/on-error.ts";
import { begin } from "../../../src/pages/begin.ts";
import { dashboardRoute } from "../../../src/pages/dashboard/route.tsx";
import type { PagesEnv } from "../../../src/pages/request.ts";
import { silentLog } from "../../support/silent-log.ts";

const SIGN_IN = "https://edge.example/dashboard/sign-in";
const CHOOSE = "https://edge.example/dashboard/tenant";
const TENANT = "0199c0de-0000-7000-8000-00000000beef";
/** As the session's randomness below makes it. */
const CSRF = "07".repeat(16);
const START = Date.parse("2026-01-31T12:00:00Z");

let pepper: CryptoKey;
beforeAll(async () => {
  pepper = await importPepper(Buffer.alloc(32, 1).toString("base64"));
});

/** The dashboard over a control plane that says what a test wants, and a clock that a test moves. */
function dashboard({ sessionMs = 3_600_000, sessionMostMs = 43_200_000 } = {}) {
  let nowMs = START;
  let cookie = "";
  let refuses: (() => Error) | undefined;
  let refusesTenants: (() => Error) | undefined;
  const asked: Headers[] = [];
  const control = new Hono<PagesEnv>().onError(onError(silentLog)).get("/v1/me", (c) => {
    asked.push(c.req.raw.headers);
    if (refuses !== undefined) throw refuses();
    return c.json({ kind: "operator" });
  });
  control.get("/v1/tenant", (c) => {
    c.set("requestId", "of the control plane");
    if (refusesTenants !== undefined) throw refusesTenants();
    return c.json({ id: TENANT, name: "Acme" });
  });
  const ports = {
    control,
    peppers: async () => new Map([[1, pepper]]),
    random: (bytes: number) => new Uint8Array(bytes).fill(7),
    clock: () => nowMs,
    newRequestId: () => "request",
    sessionMs,
    sessionMostMs,
    signInProvider: {
      begin: async (redirectUri: string) => ({
        url: "https://issuer.example/",
        proofs: { state: "state", nonce: "nonce", verifier: "verifier", redirectUri },
      }),
      finish: async () => ({ kind: "token", token: "token" }) as const,
    },
    windowOverrides: {},
  };
  const app = new Hono<PagesEnv>()
    .onError(onError(silentLog))
    .use(begin(ports))
    .route("/dashboard", dashboardRoute(ports));
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  const send = async (url: string, init: RequestInit = {}) => {
    const headers = new Headers({ accept: "text/html", cookie, origin: "https://edge.example" });
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const response = await app.request(url, { ...init, headers }, {}, context);
    const set = response.headers.getSetCookie()[0];
    if (set !== undefined) cookie = set.split(";")[0] ?? "";
    return { status: response.status, headers: response.headers, set, html: await response.text() };
  };
  return {
    asked,
    refuse: (because: () => Error) => void (refuses = because),
    settings: () => send("https://edge.example/dashboard/settings"),
    refuseTenants: (because: (() => Error) | undefined) => void (refusesTenants = because),
    pass: (ms: number) => void (nowMs += ms),
    signIn: (key = "token", headers: Record<string, string> = {}) =>
      send(SIGN_IN, { method: "POST", body: new URLSearchParams({ key }), headers }),
    /** A page for which it is enough to be signed in. */
    look: () => send(CHOOSE),
    goAway: (query = "") => send(`https://edge.example/dashboard/oidc${query}`),
    comeBack: () => send("https://edge.example/dashboard/oidc/callback?code=code&state=state"),
    choose: () =>
      send(CHOOSE, { method: "POST", body: new URLSearchParams({ tenant: TENANT, csrf: CSRF, once: "1" }) }),
  };
}

describe("a session, as time goes by", () => {
  it("slides: every page within the hour keeps it, and the cookie is set anew after a tenth of that", async () => {
    const { signIn, look, pass } = dashboard({ sessionMs: 1_000 });
    expect((await signIn()).set).toContain("Max-Age=1;");
    pass(99);
    expect((await look()).set, "what is kept is good enough").toBeUndefined();
    pass(900);
    const later = await look();
    expect([later.status, later.set === undefined]).toEqual([200, false]);
    pass(999);
    expect((await look()).status, "a second after the first page would have been too late").toBe(200);
    pass(1_000);
    expect((await look()).headers.get("location")).toBe("/dashboard/sign-in");
  });

  it("ends at the longest, however often it is used", async () => {
    const { signIn, look, pass } = dashboard({ sessionMs: 1_000, sessionMostMs: 2_500 });
    await signIn();
    for (const ms of [900, 900]) {
      pass(ms);
      expect((await look()).status).toBe(200);
    }
    pass(699);
    expect((await look()).set, "what is left, to the second").toContain("Max-Age=1;");
    pass(1);
    expect((await look()).status).toBe(303);
  });
});

describe("signing in", () => {
  it("hands on where the visitor comes from, for the limit on who has no valid credential is by address", async () => {
    const { signIn, asked } = dashboard();
    await signIn("token", { "cf-connecting-ip": "192.0.2.7" });
    expect([asked[0]?.get("cf-connecting-ip"), asked[0]?.get("authorization")]).toEqual(["192.0.2.7", "Bearer token"]);
  });

  it("is refused with when to come again after too many wrong keys, and sets nothing", async () => {
    const { signIn, refuse } = dashboard();
    refuse(() => problems.tooManyUnidentified());
    const { status, headers, set, html } = await signIn();
    expect([status, headers.get("retry-after"), set]).toEqual([429, "60", undefined]);
    expect(html).toContain("Too many requests without a valid key came from this address.");
  });

  it("is 503 while keys cannot be checked, for that is not the key's fault", async () => {
    const { signIn, refuse } = dashboard();
    refuse(() => problems.identityUnavailable());
    expect((await signIn()).status).toBe(503);
  });

  it("with the provider is given ten minutes, for a way back that lies about is somebody else's", async () => {
    const { goAway, comeBack, pass } = dashboard();
    const away = await goAway();
    expect([away.headers.get("location"), away.set?.includes("; SameSite=Lax")]).toEqual([
      "https://issuer.example/",
      true,
    ]);
    pass(599_999);
    expect((await comeBack()).status).toBe(200);
    await goAway();
    pass(600_000);
    expect((await comeBack()).status).toBe(400);
  });

  it("with the provider in vain can be begun again for the same tenant", async () => {
    const { goAway, comeBack, refuse } = dashboard();
    refuse(() => problems.unauthorized());
    await goAway(`?tenant=${TENANT}`);
    const { status, html } = await comeBack();
    expect([status, html.includes(`href="/dashboard/oidc?tenant=${TENANT}"`)]).toEqual([403, true]);
  });

  it("and asking for a tenant too often says when to come again, and which request it was", async () => {
    const { signIn, choose, refuseTenants, settings } = dashboard();
    await signIn();
    refuseTenants(() => problems.tooManyUnidentified());
    const { status, headers, html } = await choose();
    expect([status, headers.get("retry-after")]).toEqual([429, "60"]);
    expect(html).toContain("Request <code>of the control plane</code>");
    refuseTenants(undefined);
    await choose();
    refuseTenants(() => problems.tooManyUnidentified());
    const page = await settings();
    expect([page.status, page.headers.get("x-request-id")]).toEqual([429, "of the control plane"]);
  });

  it("is over when a form of its is told that nobody is signed in", async () => {
    const { signIn, choose, refuseTenants } = dashboard();
    await signIn();
    refuseTenants(() => problems.unauthorized());
    const { status, headers, set } = await choose();
    expect([status, headers.get("location")]).toEqual([303, "/dashboard/sign-in?over"]);
    expect(set).toContain("Max-Age=0");
  });

  it("reads no form that is longer than any of ours", async () => {
    const { signIn, asked } = dashboard();
    const { status, html } = await signIn("t".repeat(32_768));
    expect([status, asked]).toEqual([413, []]);
    expect(html).toContain("A body has at most 32768 bytes.");
  });

  it("refuses a token that no cookie holds, in words, since a browser would drop it in silence", async () => {
    const { signIn, asked } = dashboard();
    const { status, set, html } = await signIn("t".repeat(4_000));
    expect([status, set, asked.length]).toEqual([400, undefined, 1]);
    expect(html).toContain("longer than a cookie may be");
  });

  it("takes no token that would be too long once a tenant is chosen, for the choice would be lost in silence", async () => {
    const { signIn, choose } = dashboard();
    let most = 3_000;
    while ((await signIn("t".repeat(most))).status !== 303) most -= 1;
    expect(most, "as long as tokens are").toBeGreaterThan(2_500);
    const chosen = await choose();
    expect([chosen.headers.get("location"), chosen.set === undefined]).toEqual(["/dashboard", false]);
    expect(chosen.set?.split(";")[0]?.length).toBeLessThanOrEqual(4_096);
  });

  it("is kept by no cache, not where it leads either", async () => {
    const { signIn, look, pass } = dashboard({ sessionMs: 1_000 });
    const answers = [await look(), await signIn("a b"), await signIn(), await look()];
    pass(1_000);
    answers.push(await look());
    expect(answers.map(({ status, headers }) => `${status} ${headers.get("cache-control")}`)).toEqual([
      "303 no-store",
      "401 no-store",
      "303 no-store",
      "200 no-store",
      "303 no-store",
    ]);
  });

  it.each(["a b", "ünïcode", "line\nbreak", "", "t".repeat(9_000)])(
    "asks nobody about what no header holds: %j",
    async (key) => {
      const { signIn, asked } = dashboard();
      expect((await signIn(key)).status).toBe(401);
      expect(asked).toEqual([]);
    },
  );
});
