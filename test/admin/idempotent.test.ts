import { createHash } from "node:crypto";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { describe, expect, it } from "vitest";
import { idempotent } from "../../src/admin/idempotent.ts";
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
  const app = new Hono<AdminEnv>()
    .onError((error, c) => c.text("", error instanceof Problem ? (error.status as 422) : 500))
    .use(
      createMiddleware<AdminEnv>(async (c, next) => {
        c.set("tenantId", TENANT);
        c.set("bodyText", await c.req.text());
        return next();
      }),
    )
    .use(idempotent({ outcomes: { find: async (_scope, key) => kept.get(key) }, peppers: async () => peppers }))
    .put("/", (c) => {
      acts += 1;
      const { key = "", fingerprint = "" } = c.var.idempotency ?? {};
      kept.set(key, { fingerprint, status: 200, body: { act: acts } });
      return c.json({ act: acts });
    });
  return {
    put: (body: string) => app.request("/", { method: "PUT", body, headers: { "idempotency-key": "once" } }),
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
    expect(await (await put(BODY)).json()).toEqual({ act: 1, replayed: true });
    expect((await put('{"key":"another"}')).status).toBe(422);
  });
});
