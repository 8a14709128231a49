import { Hono } from "hono";
import * as v from "valibot";
import { balanceOf } from "../core/balance.ts";
import { problems } from "../core/problem.ts";
import { Uuid } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { BalanceView, ReadingView } from "../core/statement-resources.ts";
import { authorize } from "./authorize.ts";
import { body, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { Instant, pageAsked, Paged, pageOf, PageQuery, PlatformKeyId } from "./shapes.ts";

const Credits = v.pipe(v.number(), v.integer(), v.minValue(0, "is below 0"), v.maxValue(1_000_000_000_000));

const NewReading = v.strictObject({
  balance: Credits,
  bought: v.optional(Credits, 0),
  read_at: v.optional(Instant),
});

const KeyParam = v.strictObject({ id: PlatformKeyId });

export type KeyReadingsPorts = Pick<
  Services,
  "keyReadings" | "platformKeyIds" | "tenants" | "users" | "outcomes" | "peppers" | "newEventId" | "clock"
>;

/** What the operator reads at the upstream of a platform key's balance, held against the books. */
export const keyReadingsRoute = (s: KeyReadingsPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .post(
      "/:id/readings",
      may("platform-keys.add-reading", {
        summary: "Enter what the upstream says is left on a platform key",
        responses: { 201: ReadingView },
      }),
      params(KeyParam),
      body(NewReading),
      once,
      async (c) => {
        const upstream_key_id = await known(s, c.req.valid("param").id);
        const { balance, bought, read_at: given } = c.req.valid("json");
        const read_at = given ?? new Date(s.clock()).toISOString();
        if (Date.parse(read_at) > s.clock()) refuseFuture();
        const reading = { id: s.newEventId(), upstream_key_id, balance, bought, read_at };
        const act = actOf(c, { action: "platform-key.read", subject: upstream_key_id, detail: reading, status: 201 });
        return c.json(rowOf(await s.keyReadings.add(act, reading)), 201);
      },
    )
    .get(
      "/:id/readings",
      may("platform-keys.readings", {
        summary: "List readings of a platform key's balance beside the books, newest first",
        responses: { 200: Paged(ReadingView) },
      }),
      params(KeyParam),
      query(PageQuery(Uuid)),
      async (c) => {
        const id = await known(s, c.req.valid("param").id);
        return c.json(pageOf(await s.keyReadings.list(id, pageAsked(c.req.valid("query")))));
      },
    )
    .get(
      "/:id/balance",
      may("platform-keys.balance", {
        summary: "Estimate what is left on a platform key, and until when",
        responses: { 200: BalanceView },
      }),
      params(KeyParam),
      async (c) => {
        const id = await known(s, c.req.valid("param").id);
        return c.json(balanceOf(id, await s.keyReadings.spending(id, s.clock()), s.clock()));
      },
    );
};

async function known({ platformKeyIds }: KeyReadingsPorts, id: string): Promise<string> {
  if (!(await platformKeyIds()).includes(id)) throw problems.notFound();
  return id;
}

function refuseFuture(): never {
  throw problems.invalidParameters([{ name: "read_at", reason: "is in the future" }]);
}
