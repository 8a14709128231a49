import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { body } from "../../src/admin/describe.ts";
import type { AdminEnv } from "../../src/admin/request.ts";
import { Problem } from "../../src/core/problem.ts";

const Thing = v.pipe(
  v.strictObject({ name: v.string(), plan: v.optional(v.picklist(["free", "pro"])) }),
  v.check(({ name }) => name !== "", "says nothing"),
);

/** What a body is refused for. */
async function refusal(given: unknown): Promise<unknown> {
  const app = new Hono<AdminEnv>()
    .onError((error, c) => c.json(error instanceof Problem ? error.members : String(error), 400))
    .use(
      createMiddleware<AdminEnv>(async (c, next) => {
        c.set("body", given);
        return next();
      }),
    )
    .post("/", body(Thing), (c) => c.json({}));
  const response = await app.request("/", { method: "POST" });
  const { invalid_parameters: invalid } = await response.json<{ invalid_parameters?: unknown }>();
  return invalid;
}

describe("a body", () => {
  it("that is as it should be is taken", async () => {
    expect(await refusal({ name: "A", plan: "pro" })).toBeUndefined();
  });

  it("is refused once, with everything that is wrong with it: unknown fields, missing ones, and those that are something else", async () => {
    expect(await refusal({ plan: "gold", tenant_id: "x", role: "owner" })).toEqual([
      { name: "tenant_id", reason: "is not known" },
      { name: "role", reason: "is not known" },
      { name: "name", reason: "is required" },
      { name: "plan", reason: 'is not ("free" | "pro")' },
    ]);
  });

  it("that is wrong as a whole is refused for that, but not for what it lacks without an unknown field", async () => {
    expect(await refusal({ name: "" })).toEqual([{ name: "body", reason: "says nothing" }]);
    expect(await refusal({ name: "", role: "owner" })).toEqual([{ name: "role", reason: "is not known" }]);
  });

  it("with more unknown fields than anybody would read has twenty named", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`field_${at}`, at]));
    expect(await refusal({ name: "A", ...many })).toHaveLength(20);
  });
});
