import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { healthz, livez } from "../../src/admin/health.ts";

function setUp() {
  let nowMs = 1_000_000;
  let checks = 0;
  const state = { redis: true, postgres: true };
  const part = (name: "redis" | "postgres") => ({ name, ping: async () => ((checks += 1), state[name]) });
  const ports = { parts: [part("redis"), part("postgres")], clock: () => nowMs, healthMs: 5_000 };
  const app = new Hono().get("/healthz", healthz(ports)).get("/livez", livez());
  return { app, state, checks: () => checks, advance: (ms: number) => void (nowMs += ms) };
}

describe("health", () => {
  it("names what is down, so that whoever is paged knows where to look", async () => {
    const { app, state } = setUp();
    state.postgres = false;
    const response = await app.request("/healthz");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "down", parts: { redis: "ok", postgres: "down" } });
  });

  it("is checked once in 5 s however many probes ask, since probes must not become load", async () => {
    const { app, state, checks, advance } = setUp();
    expect((await app.request("/healthz")).status).toBe(200);
    state.redis = false;
    advance(4_999);
    const probes = await Promise.all(Array.from({ length: 10 }, async () => app.request("/healthz")));
    expect(probes.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(checks()).toBe(2);
    advance(1);
    expect((await app.request("/healthz")).status).toBe(503);
  });

  it("gives the last result out while a check runs, so that a part that hangs holds up one probe", async () => {
    const { app, checks, advance } = setUp();
    await app.request("/healthz");
    advance(5_000);
    await Promise.all(Array.from({ length: 10 }, async () => app.request("/healthz")));
    expect(checks()).toBe(4);
  });

  it("says nothing of an isolate that it has not checked, so that two probes of a new one both wait", async () => {
    const { app } = setUp();
    const probes = await Promise.all([app.request("/healthz"), app.request("/healthz")]);
    expect(probes.map(({ status }) => status)).toEqual([200, 200]);
  });

  it("is alive without asking anybody", async () => {
    const { app, checks } = setUp();
    expect((await app.request("/livez")).status).toBe(200);
    expect(checks()).toBe(0);
  });
});
