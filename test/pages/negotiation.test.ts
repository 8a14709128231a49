import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { problems } from "../../src/core/problem.ts";
import { onError } from "../../src/on-error.ts";
import { begin } from "../../src/pages/begin.ts";
import type { PagesEnv } from "../../src/pages/request.ts";
import { silentLog } from "../support/silent-log.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/** Pages of which each goes wrong in its own way. */
const app = new Hono<PagesEnv>()
  .onError(onError(silentLog))
  .use(begin({ newRequestId: () => "the-request" }))
  .get("/dashboard/bug", () => {
    throw new Error("canary");
  })
  .get("/dashboard/later", () => {
    throw problems.publicNotReady(7);
  })
  .post("/tags", () => {
    throw problems.methodNotAllowed("GET, HEAD");
  })
  .get("/tags/wrong", () => {
    throw problems.invalidParameters([{ name: "<b>name", reason: "is <i>not" }]);
  })
  .all("*", ({ req }) => {
    throw problems.unknownEndpoint(req.path);
  });

const ask = (path: string, accept?: string, method = "GET") =>
  app.request(path, { method, headers: accept === undefined ? {} : { accept } });

describe("an error of a page", () => {
  it.each([
    { accept: BROWSER, page: true, because: "a browser wants pages first" },
    { accept: "text/html", page: true, because: "nothing else is wanted" },
    { accept: "*/*", page: false, because: "curl and fetch say so, and they are programs" },
    { accept: undefined, page: false, because: "nobody who says nothing looks at it" },
    { accept: "application/json", page: false, because: "a program says what it reads" },
    { accept: "application/problem+json, text/html;q=0.5", page: false, because: "a page is wanted less" },
    { accept: "text/html;q=0.9, application/json;q=0.2", page: true, because: "a page is wanted more" },
    { accept: "image/png", page: false, because: "there is none of that, and a program can read why" },
    { accept: ";;, <script>;q=x", page: false, because: "what makes no sense asks for nothing" },
  ])("for $accept: $because", async ({ accept, page }) => {
    const response = await ask("/dashboard/nowhere", accept);
    const { headers } = response;
    expect([response.status, headers.get("content-type")]).toEqual([
      404,
      page ? "text/html; charset=utf-8" : "application/problem+json",
    ]);
    expect([headers.get("x-request-id"), headers.get("cache-control")]).toEqual(["the-request", "no-store"]);
    expect(await response.text()).toContain("the-request");
  });

  it.each([
    {
      path: "/dashboard/nowhere",
      method: "GET",
      status: 404,
      field: "x-request-id",
      is: "the-request",
      says: "Unknown endpoint",
    },
    { path: "/tags", method: "POST", status: 405, field: "allow", is: "GET, HEAD", says: "GET, HEAD" },
    {
      path: "/dashboard/bug",
      method: "GET",
      status: 500,
      field: "x-request-id",
      is: "the-request",
      says: "Something broke on our side",
    },
    { path: "/dashboard/later", method: "GET", status: 503, field: "retry-after", is: "7", says: "in 7 seconds" },
  ])("$status says the same to people and to programs", async ({ path, method, status, field, is, says }) => {
    const [page, problem] = await Promise.all([ask(path, BROWSER, method), ask(path, "*/*", method)]);
    expect([page.status, problem.status]).toEqual([status, status]);
    expect([page.headers.get(field), problem.headers.get(field)]).toEqual([is, is]);
    const html = await page.text();
    expect(html).toContain(says);
    expect(html).not.toContain("canary");
    expect(await problem.json()).toMatchObject({ status, request_id: "the-request" });
  });

  it("has its fields and no body for HEAD", async () => {
    const response = await ask("/dashboard/nowhere", BROWSER, "HEAD");
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(await response.text()).toBe("");
  });

  it("names what was asked as text", async () => {
    const path = "/dashboard/%3Cscript%3Ealert(1)%3C/script%3E";
    const html = await (await ask(path, BROWSER)).text();
    expect(html).not.toContain("<script>");
    const invalid = await (await ask("/tags/wrong", BROWSER)).text();
    expect(invalid).toContain("<code>&lt;b&gt;name</code> is &lt;i&gt;not");
  });

  it("as a page lets nothing run and nobody frame it", async () => {
    const policy = (await ask("/dashboard/nowhere", BROWSER)).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});
