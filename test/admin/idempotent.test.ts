import { createHash } from "node:crypto";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { describe, expect, it } from "vitest";
import { idempotent, rowOf } from "../../src/admin/idempotent.ts";
import type { AdminEnv } from "../../src/admin/request.ts";
import { importPepper } from "../../src/core/api-key.ts";
import { Problem } from "../../src/core/problem.ts";

const TENANT = "0199c0de-0000-7000-8000-00000000000a";
const BODY = '{"key":"an-upstream-key"}';

const pepper = (byte: number) => importPepper(Buffer.alloc(32, byte).toString("base64"));

/** One route that remembers its outcome as an act's transaction would. */
async function route() {
  const kept = new Map<string, { fingerprint: string; status: number; body: unknown }>();
  let peppers = new Map([[1, await pepper(1)]]);
  let acts = 0;
  const statuses: number[] = [];
  const app = new Hono<AdminEnv>()
    .onError((error, c) => {
      const status = error instanceof Problem ? (error.status as 422) : 500;
      statuses.push(status);
      return c.text("", status, { "x-refused": "yes" });
    })
    .use(
      createMiddleware<AdminEnv>(async (c, next) => {
        c.set("tenantId", TENANT);
        c.set("bodyText", await c.req.text());
        return next();
      }),
    )
    .use(idempotent({ outcomes: { find: async (_scope, key) => kept.get(key) }, peppers: async () => peppers }))
    .put("*", (c) => {
      acts += 1;
      const { key = "", fingerprint = "" } = c.var.idempotency ?? {};
      kept.set(key, { fingerprint, status: 200, body: { act: acts } });
      return c.json({ act: acts });
    })
    .post("/", (c) => {
      const { key = "", fingerprint = "" } = c.var.idempotency ?? {};
      const ofTwin = c.var.bodyText === BODY ? fingerprint : "of another body";
      kept.set(key, { fingerprint: ofTwin, status: 201, body: { act: "of the twin" } });
      return c.json(rowOf({ kind: "repeated" }));
    });
  return {
    /** A request whose twin, of the body `BODY`, is committed while it is under way. */
    postLate: (body: string) => app.request("/", { method: "POST", body, headers: { "idempotency-key": "once" } }),
    /** Of what was thrown. */
    statuses,
    put: (body: string, path = "/") =>
      app.request(path, { method: "PUT", body, headers: { "idempotency-key": "once" } }),
    fingerprints: () => [...kept.values()].map(({ fingerprint }) => fingerprint),
    rotatePepper: async () => void (peppers = new Map([...peppers, [2, await pepper(2)]])),
  };
}

describe("what is remembered of a request", () => {
  it("is no plain digest of it, because a body may be a secret and a guess of it could be checked", async () => {
    const { put, fingerprints } = await route();
    await put(BODY);
    const plain = ["", JSON.stringify(["PUT", "/", BODY]), BODY].map((text) =>
      createHash("sha256").update(text).digest("hex"),
    );
    expect(fingerprints()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(plain).not.toContain(fingerprints()[0]);
  });

  it("is recognised under a pepper that has been replaced since, as long as it is there", async () => {
    const { put, rotatePepper } = await route();
    expect(await (await put(BODY)).json()).toEqual({ act: 1 });
    await rotatePepper();
    const repeated = await put(BODY);
    expect(await repeated.json()).toEqual({ act: 1, replayed: true });
    expect(repeated.headers.get("cache-control")).toBe("no-store");
    expect(repeated.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await put('{"key":"another"}')).status).toBe(422);
  });
});

it("a key is of one request: on another path, or by another method, it is a mistake and nothing is done", async () => {
  const { put, postLate } = await route();
  expect((await put(BODY)).status).toBe(200);
  expect((await put(BODY, "/another")).status).toBe(422);
  expect((await postLate(BODY)).status).toBe(422);
});

describe("a request whose twin was faster", () => {
  it("gets the twin's outcome and nothing of its own refusal, which is nobody's alarm", async () => {
    const { postLate, statuses } = await route();
    const late = await postLate(BODY);
    expect([late.status, await late.json()]).toEqual([201, { act: "of the twin", replayed: true }]);
    expect([late.headers.get("x-refused"), late.headers.get("content-type")]).toEqual([null, "application/json"]);
    expect(statuses).toEqual([409]);
  });

  it("is refused when it was no twin, but had another body under the same key", async () => {
    const { postLate } = await route();
    expect((await postLate('{"key":"another"}')).status).toBe(422);
  });
});
