import { Hono } from "hono";
import * as v from "valibot";
import { PlatformKeyView } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { authorize } from "./authorize.ts";
import { body, NoBody, params } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, Paged, PlatformKeyId } from "./shapes.ts";

export type PlatformKeysPorts = Pick<
  Services,
  "platformKeys" | "platformLog" | "tenants" | "users" | "outcomes" | "peppers"
>;

/** The platform's upstream keys: which are in use and how loaded, and back in at once what was taken out. */
export const platformKeysRoute = (s: PlatformKeysPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("platform-keys.list", {
        summary: "List the platform's upstream keys with their load",
        responses: { 200: Paged(PlatformKeyView) },
      }),
      async (c) => c.json({ data: [...(await s.platformKeys.list())], next_cursor: null }),
    )
    .post(
      "/:id/restore",
      may("platform-keys.restore", {
        summary: "Use an upstream key of the platform again before its time out is over",
        responses: { 200: PlatformKeyView },
      }),
      params(v.strictObject({ id: PlatformKeyId })),
      body(NoBody),
      once,
      async (c) => {
        const { id } = c.req.valid("param");
        // Before it is noted: done twice it does no harm, and an outcome must not be remembered of what was not done.
        await s.platformKeys.restore(id);
        const key = found((await s.platformKeys.list()).find((each) => each.id === id));
        const act = actOf(c, { action: "platform-key.restore", subject: id, outcome: key });
        rowOf(await s.platformLog.note(act));
        return c.json(key);
      },
    );
};
