import { beforeAll, describe, expect, it } from "vitest";
import { madeUpKey, storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { useGateway } from "../support/use-gateway.ts";
import { visitor } from "../support/visitor.ts";

const COOKIE = "__Host-tikedge";

describe("the dashboard", () => {
  const running = useGateway({ CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" });
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
    });
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
    ])("is refused when it comes from $from, and nothing is done", async ({ headers, fields }) => {
      const { person } = await signedIn();
      await person.get("/dashboard");
      const refused = await person.post("/dashboard/sign-out", { headers, fields });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain("Form not accepted");
      expect((await person.get("/dashboard")).status).toBe(200);
    });

    it("to sign in is refused from another origin, so that nobody is signed in as somebody else without knowing", async () => {
      const person = visitor(running().gateway);
      const headers = { origin: "https://evil.example" };
      const refused = await person.post("/dashboard/sign-in", { headers, fields: { key: running().shared } });
      expect([refused.status, person.cookies.size]).toEqual([403, 0]);
    });
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
      expect(html).toContain('<svg viewBox="0 0 600 220" role="img"');
      expect(html).not.toContain(key);
    });
  });
});
