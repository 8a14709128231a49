import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { madeUpKey, storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { AUDIENCE, startIssuer } from "../support/issuer.ts";
import { useGateway } from "../support/use-gateway.ts";
import { visitor, type Visitor } from "../support/visitor.ts";

const COOKIE = "__Host-tikedge";

const issuer = await startIssuer();

describe("the dashboard", () => {
  const running = useGateway({
    CONFIRM_MS: "100",
    CONFIRM_AFTER_MS: "50",
    WEBHOOK_TARGETS: "public",
    OIDC_ISSUER: issuer.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_JWKS_URL: issuer.jwksUrl,
    OIDC_CLIENT_ID: AUDIENCE,
    OIDC_AUTHORIZATION_URL: issuer.authorizationUrl,
    OIDC_TOKEN_URL: issuer.tokenUrl,
  });
  afterAll(() => issuer.close());
  let operator: ReturnType<typeof control>;
  beforeAll(() => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  });

  /** A tenant of its own, and somebody signed in with a key of its that manages. */
  const signedIn = async (plan: "pro" | "free" = "pro") => {
    const { stack, gateway } = running();
    const { id } = await storeSharedTenant(stack, plan);
    const key = await storeKey(stack, { tenantId: id, permissions: ["manage"] });
    const person = visitor(gateway);
    const response = await person.post("/dashboard/sign-in", { fields: { key } });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/dashboard"]);
    return { id, key, person };
  };

  describe("a session", () => {
    it("begins with a key that manages, in a cookie that only this host gets, over https, and no script reads", async () => {
      const { stack, gateway } = running();
      const { id } = await storeSharedTenant(stack, "pro");
      const key = await storeKey(stack, { tenantId: id, permissions: ["manage"] });
      const response = await visitor(gateway).post("/dashboard/sign-in", { fields: { key } });
      const [field = "", ...others] = response.headers.getSetCookie();
      expect(others).toEqual([]);
      expect(field).toMatch(
        /^__Host-tikedge=1\.[\w-]+; Max-Age=(?:3600|359\d); Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
    });

    it.each([
      { wrong: "a key that nobody has", key: async () => madeUpKey(), status: 401, says: "not a valid key" },
      { wrong: "no key at all", key: async () => "hello\nworld", status: 401, says: "not a valid key" },
      {
        wrong: "a key for data",
        key: () => storeKey(running().stack, { tenantId: running().stack.tenant("shared").id }),
        status: 403,
        says: "may not manage",
      },
    ])("does not begin with $wrong, and the page says why in words", async ({ key, status, says }) => {
      const person = visitor(running().gateway);
      const presented = await key();
      const response = await person.post("/dashboard/sign-in", { fields: { key: presented } });
      expect(response.status).toBe(status);
      expect(response.text).toContain(says);
      expect(response.html).not.toContain(presented);
      expect(person.cookies.size).toBe(0);
    });

    it("of a key has its own tenant, and no choice of one", async () => {
      const { person } = await signedIn();
      expect((await person.get("/dashboard/tenant")).headers.get("location")).toBe("/dashboard");
    });

    it("leads who is not signed in to where they can be", async () => {
      const response = await visitor(running().gateway).get("/dashboard");
      expect([response.status, response.headers.get("location")]).toEqual([303, "/dashboard/sign-in"]);
    });

    it("is nobody's when its cookie was changed by a letter", async () => {
      const { person } = await signedIn();
      const text = person.cookies.get(COOKIE) ?? "";
      person.cookies.set(COOKIE, `${text.slice(0, -3)}${text.at(-3) === "A" ? "B" : "A"}${text.slice(-2)}`);
      expect((await person.get("/dashboard")).status).toBe(303);
    });

    it("ends with its key, and says so", async () => {
      const { id, key, person } = await signedIn();
      expect((await person.get("/dashboard")).status).toBe(200);
      const [, , keyId] = key.split("_");
      expect((await person.get(`/dashboard/keys/${keyId}`)).text).toContain("you will be signed out");
      expect((await operator.delete(`/v1/keys/${keyId}`, { tenant: id })).status).toBe(200);
      await expect
        .poll(async () => (await person.get("/dashboard")).headers.get("location"), { timeout: 20_000 })
        .toBe("/dashboard/sign-in?over");
      expect(person.cookies.size, "the cookie is taken back").toBe(0);
      expect((await person.get("/dashboard/sign-in?over")).text).toContain("You were signed out");
    });

    it("ends when who is signed in says so, and the old cookie is taken back", async () => {
      const { person } = await signedIn();
      await person.get("/dashboard");
      const response = await person.post("/dashboard/sign-out");
      expect([response.status, response.headers.get("location")]).toEqual([303, "/dashboard/sign-in"]);
      expect(person.cookies.size).toBe(0);
    });

    it("of the operator looks at a tenant that they name, and at none that is not there", async () => {
      const { gateway, stack } = running();
      const person = visitor(gateway);
      const admin = await person.post("/dashboard/sign-in", { fields: { key: stack.settings["ADMIN_TOKEN"] ?? "" } });
      expect(admin.headers.get("location")).toBe("/dashboard/operator");
      expect((await person.get("/dashboard")).headers.get("location")).toBe("/dashboard/operator");
      await person.get("/dashboard/tenant");
      const absent = await person.post("/dashboard/tenant", {
        fields: { tenant: "0199c0de-0000-7000-8000-00000000beef" },
      });
      expect([absent.status, absent.text.includes("There is nothing with this id.")]).toEqual([404, true]);
      const chosen = await person.post("/dashboard/tenant", { fields: { tenant: stack.tenant("shared").id } });
      expect(chosen.headers.get("location")).toBe("/dashboard");
      expect((await person.get("/dashboard")).text).toContain(stack.tenant("shared").name);
      for (const tenant of ["", "ünï", "a\nb"]) {
        await person.get("/dashboard/tenant");
        const refused = await person.post("/dashboard/tenant", { fields: { tenant } });
        expect([refused.status, refused.text.includes("tenant is not a UUID")], tenant).toEqual([400, true]);
      }
    });
  });

  describe("a person", () => {
    /** There, and back with a code; where the person came back to is not asked for yet. */
    const away = async (person: Visitor, path = "/dashboard/oidc") => {
      const there = (await person.get(path)).headers.get("location") ?? "";
      const back = await fetch(there, { redirect: "manual" });
      const { pathname, search } = new URL(back.headers.get("location") ?? "");
      return { there: new URL(there), back: `${pathname}${search}` };
    };
    const returned = async (person: Visitor, back: string) => {
      const page = await person.get(back);
      for (const token of issuer.tokens.splice(0)) running().gateway.seen.secret("a person's token", token);
      return page;
    };
    const member = async (subject: string) => {
      const { id } = await storeSharedTenant(running().stack, "pro");
      await operator.put(`/v1/users/${subject}`, { tenant: id, body: { role: "member" } });
      issuer.signsIn({ sub: subject });
      return id;
    };

    it("signs in with the identity provider, and is led on by a page, since a Strict cookie misses a redirect from there", async () => {
      const id = await member("ann");
      const person = visitor(running().gateway);
      expect((await person.get(`/dashboard/sign-in?tenant=${id}`)).html).toContain(
        `href="/dashboard/oidc?tenant=${id}"`,
      );
      const { there, back } = await away(person, `/dashboard/oidc?tenant=${id}`);
      expect(Object.fromEntries(there.searchParams)).toMatchObject({ scope: "openid", code_challenge_method: "S256" });
      const page = await returned(person, back);
      expect([page.status, page.html.includes(`content="0; url=/dashboard"`)]).toEqual([200, true]);
      expect([...person.cookies.keys()]).toEqual([COOKIE]);
      const overview = await person.get("/dashboard");
      expect([overview.status, overview.text.includes("ann")]).toEqual([200, true]);
      const refused = await person.get("/dashboard/audit");
      expect([refused.status, refused.text.includes("Not permitted")], "a member only reads").toEqual([403, true]);
      expect((await person.get(back)).status, "the way back is good once").toBe(400);
      await operator.delete("/v1/users/ann", { tenant: id });
      await expect.poll(async () => (await person.get("/dashboard")).status, { timeout: 20_000 }).toBe(404);
      const gone = await person.get("/dashboard");
      expect(gone.html, "nobody is stuck at a tenant that is not theirs any more").toContain(
        'href="/dashboard/tenant"',
      );
      expect((await person.post("/dashboard/sign-out")).status).toBe(303);
    });

    it("who names no tenant, or one of somebody else's, is asked which", async () => {
      const id = await member("bob");
      const person = visitor(running().gateway);
      const foreign = await storeSharedTenant(running().stack, "pro");
      const { back } = await away(person, `/dashboard/oidc?tenant=${foreign.id}`);
      await returned(person, back);
      expect((await person.get("/dashboard")).headers.get("location")).toBe("/dashboard/tenant");
      await person.get("/dashboard/tenant");
      expect((await person.post("/dashboard/tenant", { fields: { tenant: foreign.id } })).status).toBe(404);
      expect((await person.post("/dashboard/tenant", { fields: { tenant: id } })).status).toBe(303);
      expect((await person.get("/dashboard")).status).toBe(200);
    });

    it.each([
      {
        because: "it was begun in another browser",
        change: (person: Visitor, back: string) => (person.cookies.clear(), back),
        status: 400,
      },
      {
        because: "its state is another",
        change: (_: Visitor, back: string) => back.replace(/state=\w/, "state=~"),
        status: 403,
      },
      {
        because: "the provider said no",
        change: (_: Visitor, back: string) =>
          back.replace(/code=[^&]+/, "error=access_denied&error_description=%3Cscript%3Ewhy"),
        status: 403,
      },
      {
        because: "its code is used up",
        change: (_: Visitor, back: string) => back.replace(/code=[^&]+/, "code=used"),
        status: 403,
      },
      { because: "its token has another nonce", claims: { nonce: "else" }, status: 403 },
      { because: "its token is for somebody else", claims: { aud: "else" }, status: 403 },
      { because: "its token is of somebody else", claims: { iss: "https://else.example" }, status: 403 },
    ])(
      "is not signed in when $because",
      async ({ change = (_: Visitor, back: string) => back, claims = {}, status }) => {
        const person = visitor(running().gateway);
        issuer.signsIn({ sub: "eve", ...claims });
        const { back } = await away(person);
        const page = await returned(person, change(person, back));
        expect([page.status, person.cookies.size]).toEqual([status, 0]);
        expect(page.text).toContain("Begin again.");
        expect(page.html).toContain('href="/dashboard/oidc"');
        expect(page.html, "the provider's words are not ours").not.toContain("why");
      },
    );
  });

  describe("a form", () => {
    it.each([
      { from: "a page of another origin", headers: { origin: "https://evil.example" }, fields: {} },
      {
        from: "another site, as the browser says",
        headers: { origin: "null", "sec-fetch-site": "cross-site" },
        fields: {},
      },
      { from: "no page of this session", headers: {}, fields: { csrf: "0".repeat(32) } },
      { from: "a page that says nothing", headers: {}, fields: { csrf: "" } },
      { from: "a page that would have it act each time", headers: {}, fields: { once: [] } },
      { from: "a page that breaks the line of a header", headers: {}, fields: { once: "a\nb" } },
    ])("is refused when it comes from $from, and nothing is done", async ({ headers, fields }) => {
      const { person } = await signedIn();
      await person.get("/dashboard");
      const refused = await person.post("/dashboard/sign-out", { headers, fields });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain("Form not accepted");
      expect((await person.get("/dashboard")).status).toBe(200);
    });

    it.each(["application/x-www-form-urlencoded", "text/plain", "application/json", "nonsense"])(
      "to sign in is refused from another origin, as %s too, so that nobody is signed in as somebody else without knowing",
      async (type) => {
        const { key } = await signedIn();
        const person = visitor(running().gateway);
        const headers = { origin: "https://evil.example", "content-type": type };
        const refused = await person.post("/dashboard/sign-in", { headers, fields: { key } });
        expect([refused.status, person.cookies.size]).toEqual([403, 0]);
      },
    );
  });

  describe("the overview", () => {
    it("says what was spent, what was saved, and what is left of each window", async () => {
      const { id, key, person } = await signedIn();
      const reader = await storeKey(running().stack, { tenantId: id });
      for (const _ of [1, 2, 3]) await running().gateway.get("/userid/?username=overview", { key: reader });
      await expect
        .poll(async () => (await person.get("/dashboard")).text, { timeout: 20_000 })
        .toMatch(/Credits spent 1 Credits saved 2 Hit ratio 66.7%/);
      const { html, text } = await person.get("/dashboard");
      expect(text).toMatch(/This month, credits 1 249,999 250,000 .{1,20} lasts/);
      expect(text).toMatch(/\/userid\/ 1 2 66.7% 1 0 2/);
      expect(text).toMatch(/The upstream 1 33.3%/);
      expect(text).toMatch(new RegExp(`${reader.split("_")[2]} 1 2 66.7% 1 0 2`));
      expect(text).toMatch(/All of them 3 [\d,]+ [\d,]+ [\d,]+/);
      expect(html).toContain('<svg viewBox="0 0 600 220" role="img"');
      expect(html).not.toContain(key);
    });
  });

  it("while Postgres is down says so on a page with the request's id, and who is signed in can still leave", async () => {
    const { person } = await signedIn();
    const faults = new URL("/__faults", running().stack.neon.url);
    await fetch(faults, { method: "POST", body: JSON.stringify({ kind: "down", times: null }) });
    try {
      const { status, headers, text, html } = await person.get("/dashboard/keys");
      expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([
        503,
        "2",
        "text/html; charset=utf-8",
      ]);
      expect(text).toMatch(/The database does not answer.*Request [0-9a-f-]{36}/);
      expect(html).toContain('action="/dashboard/sign-out"');
      expect((await person.post("/dashboard/sign-out")).status).toBe(303);
    } finally {
      await fetch(faults, { method: "DELETE" });
    }
  });

  describe("usage", () => {
    it("is shown between two days, and taken away as CSV", async () => {
      const { person } = await signedIn();
      const span = "from=2026-01-01&to=2026-01-31";
      const { status, text, html } = await person.get(`/dashboard/usage?${span}&group=day`);
      expect(status).toBe(200);
      expect(text).toContain("Usage by day, 2026-01-01 to 2026-01-31");
      expect(html).toContain(`href="/dashboard/usage.csv?from=2026-01-01&amp;to=2026-01-31&amp;group=day"`);
      const csv = await person.get(`/dashboard/usage.csv?${span}`);
      expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
      expect(csv.headers.get("content-disposition")).toBe(
        'attachment; filename="usage-2026-01-01-2026-01-31-by-day.csv"',
      );
      const [head, first, ...rest] = csv.html.split("\r\n");
      expect(head).toMatch(/^day,calls,hits,hit_ratio,credits_charged/);
      expect(first).toBe("2026-01-01,0,0,,0,0,0,0,0");
      expect(rest).toHaveLength(31);
    });

    it.each([
      { because: "no month has such a day", query: "from=2026-02-31&to=2026-03-01", says: "is not a day" },
      { because: "it is no day at all", query: "from=yesterday", says: "is not a day" },
      { because: "a year is the most", query: "from=2024-01-01&to=2026-01-01", says: "more than 366 days before" },
      { because: "it ends before it begins", query: "from=2026-02-02&to=2026-02-01", says: "is after 2026-02-01" },
      { because: "nothing is grouped so", query: "group=%3Cscript%3E", says: "group is not" },
    ])("is refused in words when $because", async ({ query, says }) => {
      const { person } = await signedIn();
      const page = await person.get(`/dashboard/usage?${query}`);
      expect([page.status, page.text.includes(says)], page.text).toEqual([400, true]);
      expect(page.text, "it can be asked about").toMatch(/Request [0-9a-f-]{36}/);
      expect(page.html).not.toContain("<script");
      expect((await person.get(`/dashboard/usage.csv?${query}`)).status).toBe(400);
    });
  });

  describe("keys", () => {
    const SECRET = /tke_(live|pub)_\w+/;
    const issue = async (person: Visitor, fields: Parameters<Visitor["post"]>[1] = {}) => {
      await person.get("/dashboard/keys");
      const kind = fields.fields?.["kind"] ?? "secret";
      const page = await person.post("/dashboard/keys", {
        handsOut: SECRET,
        fields: { kind, permissions: ["data"], ...fields.fields },
      });
      return { page, key: SECRET.exec(page.html)?.[0] ?? "", keyId: SECRET.exec(page.html)?.[0].split("_")[2] ?? "" };
    };
    const answer = async (key: string) => (await running().gateway.get("/userid/?username=keys", { key })).status;

    it("are shown once: the form sent again does nothing again, and shows none", async () => {
      const { person } = await signedIn();
      const before = await person.get("/dashboard/keys");
      const once = /name="once" value="([^"]+)"/g;
      const fields = {
        kind: "secret",
        name: "Server",
        permissions: "data",
        once: [...before.html.matchAll(once)].at(-2)?.[1] ?? "",
      };
      const first = await person.post("/dashboard/keys", { fields, handsOut: SECRET });
      const key = SECRET.exec(first.html)?.[0] ?? "";
      expect([first.status, await answer(key)]).toEqual([200, 200]);
      await person.get("/dashboard/keys");
      const again = await person.post("/dashboard/keys", { fields });
      expect(again.text).toContain("nobody can show it again");
      const listed = await person.get("/dashboard/keys");
      expect(listed.text.match(/Server/g), "it acted once").toHaveLength(1);
      expect([again.html, listed.html].join().includes(key)).toBe(false);
    });

    it("are issued once by a form that is sent twice at once", async () => {
      const { person } = await signedIn();
      const { html } = await person.get("/dashboard/keys");
      const [once = "", csrf = ""] = ["once", "csrf"].map(
        (n) => new RegExp(`name="${n}" value="([^"]+)"`).exec(html)?.[1],
      );
      const fields = { kind: "secret", name: "Twice", permissions: "data", once, csrf };
      const sent = [1, 2, 3].map(() => person.post("/dashboard/keys", { fields, handsOut: SECRET }));
      const shown = (await Promise.all(sent)).filter((page) => SECRET.test(page.html));
      expect(shown).toHaveLength(1);
      expect((await person.get("/dashboard/keys")).text.match(/Twice/g)).toHaveLength(1);
    });

    it("for browsers are bound to their origins, and what is wrong with the form is said beside it", async () => {
      const { person } = await signedIn();
      const fields = { kind: "publishable", origins: "https://app.example", endpoints: "/userid/\n/region-list/" };
      const { key } = await issue(person, { fields });
      expect(key).toMatch(/^tke_pub_/);
      expect((await person.get("/dashboard/keys")).text).toContain(
        "/userid/ /region-list/ from https://app.example, 1,000 a day",
      );
      const refused = await issue(person, { fields: { ...fields, origins: "https://app.example/<b>path" } });
      expect([refused.page.status, refused.key]).toEqual([400, ""]);
      expect(refused.page.text).toContain("origins.0 is not an origin");
      expect(refused.page.html, "what was typed in is still there, as text").toContain(
        "https://app.example/&lt;b&gt;path",
      );
    });

    it("are rotated and revoked", async () => {
      const { person } = await signedIn();
      const { key, keyId } = await issue(person);
      const path = `/dashboard/keys/${keyId}`;
      expect((await person.get(path)).text).toContain("cannot be brought back");
      const rotated = await person.post(`${path}/rotate`, { fields: { overlap_minutes: "5" }, handsOut: SECRET });
      const next = SECRET.exec(rotated.html)?.[0] ?? "";
      expect(next).not.toBe(key);
      expect([await answer(key), await answer(next)]).toEqual([200, 200]);
      await person.get(path);
      const tooLong = await person.post(`${path}/rotate`, { fields: { overlap_minutes: "9999" } });
      expect([tooLong.status, tooLong.text.includes("overlap_minutes is above 1440")]).toEqual([400, true]);
      for (const overlap_minutes of ["", " ", "soon", "1e1"]) {
        const { status, text } = await person.post(`${path}/rotate`, { fields: { overlap_minutes } });
        expect([status, text.includes("overlap_minutes is not number")], overlap_minutes).toEqual([400, true]);
      }
      const revoked = await person.post(`${path}/revoke`);
      expect(revoked.headers.get("location")).toBe("/dashboard/keys?done=revoked");
      expect((await person.get("/dashboard/keys?done=revoked")).text).toContain("The key is revoked.");
      await expect.poll(() => answer(key), { timeout: 20_000 }).toBe(401);
      expect(await answer(next)).toBe(200);
    });

    it("of another tenant are not there, word for word as those that nobody has", async () => {
      const { person } = await signedIn();
      const other = await signedIn();
      const [, , keyId = ""] = other.key.split("_");
      const withoutId = (text: string) => text.replaceAll(/[0-9a-f-]{36}/g, "");
      const [foreign, nobodys] = [
        await person.get(`/dashboard/keys/${keyId}`),
        await person.get("/dashboard/keys/aaaaaaaaaaaa"),
      ];
      expect([foreign.status, withoutId(foreign.text)]).toEqual([404, withoutId(nobodys.text)]);
      const page = await person.get("/dashboard");
      const csrf = /name="csrf" value="(\w+)"/.exec(page.html)?.[1] ?? "";
      const revoked = await person.post(`/dashboard/keys/${keyId}/revoke`, { fields: { csrf, once: "foreign" } });
      expect(revoked.status).toBe(404);
      expect((await other.person.get("/dashboard")).status).toBe(200);
      expect((await person.get("/dashboard/keys/no-id")).status).toBe(400);
    });
  });

  describe("the upstream key", () => {
    it("is pasted: a bad one is refused with what it cost, a good one pays, and giving it up asks first", async () => {
      const { person } = await signedIn();
      expect((await person.get("/dashboard/upstream-key")).text).toContain("The platform's keys pay for your calls.");
      const bad = await person.post("/dashboard/upstream-key", { fields: { key: "nobody-sold-this-key" } });
      expect([bad.status, bad.text.includes("The upstream refused this key")]).toEqual([422, true]);
      expect(bad.text).toMatch(/What probing the key cost: 0 credits/);
      const key = `bought-${randomUUID()}`;
      await running().upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
      const good = await person.post("/dashboard/upstream-key", { fields: { key: `${key}\r\n` } });
      expect(good.text).toMatch(/works and pays from now on, with download links.*cost: 2 credits/);
      expect(good.text).toMatch(/2 …\w{4} active with download links/);
      expect(good.text).toContain("Your own key is erased here");
      const removed = await person.post("/dashboard/upstream-key/remove");
      expect(removed.headers.get("location")).toBe("/dashboard/upstream-key?done=shared");
      const after = await person.get("/dashboard/upstream-key?done=shared");
      expect(after.text).toContain("its own key is erased");
      expect([bad.html, good.html, after.html].join()).not.toContain(key);
    });

    it("of a plan without one is not asked for", async () => {
      const { person } = await signedIn("free");
      const { text } = await person.get("/dashboard/upstream-key");
      expect(text).toContain("Your plan has no key of your own.");
      expect(text).not.toContain("Probe and use");
    });
  });

  it("the audit log says what was done in the dashboard, newest first and in pages", async () => {
    const { person, key } = await signedIn();
    const [, , keyId = ""] = key.split("_");
    await person.get("/dashboard/keys");
    await person.post("/dashboard/keys", {
      fields: { kind: "secret", permissions: "data", name: "<i>Hostile</i>" },
      handsOut: /tke_live_\w+/,
    });
    const page = await person.get("/dashboard/audit");
    expect(page.text).toMatch(new RegExp(`key ${keyId} key.issue`));
    expect(page.html).toContain("&lt;i&gt;Hostile&lt;/i&gt;");
    expect((await person.get("/dashboard/audit?cursor=nonsense")).status).toBe(400);
  });

  describe("settings", () => {
    it("change one thing at a time, and say what it is bound by", async () => {
      const { person } = await signedIn();
      const path = "/dashboard/settings";
      const shown = await person.get(path);
      expect(shown.text).toContain("what any of its tenants paid for, you get as a hit");
      expect(shown.text).toMatch(/userinfo 3600 3600/);
      const renamed = await person.post(path, { fields: { name: "<script>alert(1)</script>" } });
      expect(renamed.headers.get("location")).toBe("/dashboard/settings?done=changed");
      const after = await person.get("/dashboard/settings?done=changed");
      expect([after.text.includes("Changed."), after.html.includes("<script>")]).toEqual([true, false]);
      expect((await person.get("/dashboard")).html, "a name keeps its direction to itself").toContain(
        "<bdi>&lt;script&gt;",
      );
      await person.get(path);
      await person.post(path, { fields: { name: [], cache_scope: "tenant" } });
      expect((await person.get(path)).html).toMatch(/value="tenant" checked=""/);
      const seconds = { name: [], windows: "all", "userinfo.fresh": "60", "userinfo.stale": "0" };
      await person.post(path, { fields: seconds });
      expect((await person.get(path)).html).toMatch(/name="userinfo.fresh" inputmode="numeric" value="60"/);
      const wide = await person.post(path, { fields: { ...seconds, "userinfo.fresh": "9999" } });
      expect([wide.status, wide.text.includes("windows.userinfo.fresh_seconds is above 3600")]).toEqual([400, true]);
      const half = await person.post(path, { fields: { ...seconds, "userinfo.stale": "soon" } });
      expect([half.status, half.text.includes("windows.userinfo.stale_seconds is not number")]).toEqual([400, true]);
      await person.post(path, { fields: { ...seconds, "userinfo.fresh": "", "userinfo.stale": "" } });
      expect((await person.get(path)).html).toMatch(/name="userinfo.fresh" inputmode="numeric" value=""/);
    });
  });

  describe("webhooks", () => {
    it("are made with a secret that is shown once, and what was given up is sent again", async () => {
      const { id, person } = await signedIn();
      const path = "/dashboard/webhooks";
      await person.get(path);
      const refused = await person.post(path, { fields: { url: "http://127.0.0.1/", events: ["quota.threshold"] } });
      expect([refused.status, refused.text.includes("url is")], refused.text).toEqual([400, true]);
      const fields = { url: "https://hooks.example.com/?<b>", events: ["quota.threshold"] };
      const made = await person.post(path, { fields, handsOut: /whsec_[\w+/=]+/ });
      const secret = /whsec_[\w+/=]+/.exec(made.html)?.[0] ?? "none";
      const listed = await person.get(path);
      expect(listed.text).toContain("https://hooks.example.com/?%3Cb%3E");
      expect(listed.html).not.toContain(secret);
      const webhookId = /webhooks\/([0-9a-f-]{36})\/remove/.exec(listed.html)?.[1] ?? "";
      const deliveryId = randomUUID();
      await books(running().stack.database.url).query(
        `INSERT INTO app.webhook_deliveries (tenant_id, id, webhook_id, event_tenant_id, event_id, event, status, attempts, last_status)
         VALUES ($1, $2, $3, $1, $4, 'quota.threshold', 'dead', 12, 500)`,
        [id, deliveryId, webhookId, randomUUID()],
      );
      expect((await person.get(`${path}?status=dead`)).text).toContain("dead 12 500 Send again");
      const replayed = await person.post(`${path}/deliveries/${deliveryId}/replay`);
      expect(replayed.headers.get("location")).toBe(`${path}?done=replayed`);
      expect((await person.get(path)).text).toContain("quota.threshold https://hooks.example.com/?%3Cb%3E pending");
      const removed = await person.post(`${path}/${webhookId}/remove`);
      expect(removed.headers.get("location")).toBe(`${path}?done=removed`);
      expect((await person.get(path)).text).toContain("There is no webhook yet.");
      expect((await person.get(`${path}?status=nonsense`)).status).toBe(400);
    });
  });

  it("alerts are the tenant's own, in words", async () => {
    const { id, person } = await signedIn();
    expect((await person.get("/dashboard/alerts")).text).toContain("Nothing has happened");
    const happened = (type: string, data: object) =>
      books(running().stack.database.url).query(
        "INSERT INTO app.webhook_events (tenant_id, id, type, data, announced_at) VALUES ($1, $2, $3, $4, now())",
        [id, randomUUID(), type, JSON.stringify(data)],
      );
    const quota = { window: "monthly", threshold: 80, credits_used: 8_123, quota: 10_000 };
    await happened("quota.threshold", { ...quota, resets_at: "2026-12-01T00:00:00.000Z" });
    await happened("quota.threshold", { note: "<script>alert(1)</script>" });
    const { html, text } = await person.get("/dashboard/alerts");
    expect(text).toContain("80 % of the monthly quota: 8,123 of 10,000 credits. It begins anew 2026-12-01 00:00 UTC.");
    expect(html).not.toContain("<script>");
    expect((await (await signedIn()).person.get("/dashboard/alerts")).text).toContain("Nothing has happened");
  });
});
