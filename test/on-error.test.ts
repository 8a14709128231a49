import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { Unavailable } from "../src/core/control-ports.ts";
import { problems } from "../src/core/problem.ts";
import { onError } from "../src/on-error.ts";
import type { ProxyEnv } from "../src/proxy/request.ts";

function appThatThrows(error: Error, pageOrigin?: string) {
  const logged: string[] = [];
  const log = { info: () => undefined, error: (event: string) => void logged.push(event) };
  const app = new Hono<ProxyEnv>()
    .onError(onError(log))
    .use(async (c, next) => {
      c.set("requestId", "the-request");
      if (pageOrigin !== undefined) c.set("pageOrigin", pageOrigin);
      return next();
    })
    .all("*", () => {
      throw error;
    });
  return { app, logged };
}

describe("an error becomes a response in one place", () => {
  it("a bug is a bare 500: its message may hold anything, and is logged by name instead", async () => {
    const { app, logged } = appThatThrows(new Error("postgresql://canary@db"));
    const response = await app.request("/");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("canary");
    expect(logged).toEqual(["unhandled"]);
  });

  it("what the client got wrong is nobody's alarm", async () => {
    const { app, logged } = appThatThrows(problems.unauthorized());
    expect((await app.request("/")).status).toBe(401);
    expect(logged).toEqual([]);
  });

  it("a database that does not answer may have done what was to be done, and nothing of what was to be read", async () => {
    const { app } = appThatThrows(new Unavailable("postgresql://canary@db"));
    const said = async (method: string) => (await app.request("/", { method })).text();
    expect(await said("POST")).toContain("same Idempotency-Key");
    expect(await said("GET")).not.toMatch(/Idempotency-Key|canary/);
  });

  it("a refusal can be read by the page whose key it is about, as far as that is known", async () => {
    const { app } = appThatThrows(problems.trialEnded(), "https://app.example.com");
    const { headers } = await app.request("/");
    expect(headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(headers.get("vary")).toBe("Origin");
    const unknown = await appThatThrows(problems.trialEnded()).app.request("/");
    expect(unknown.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("a problem of ours is logged by its type", async () => {
    const { app, logged } = appThatThrows(problems.identityUnavailable());
    const response = await app.request("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toMatchObject({ status: 503, request_id: "the-request" });
    expect(logged).toEqual(["problem"]);
  });
});
