import { Hono } from "hono";
import * as v from "valibot";
import { DeadMessageRow, DeadMessageState, DeadMessageView } from "../core/dead-message.ts";
import { problems } from "../core/problem.ts";
import { Uuid } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { authorize } from "./authorize.ts";
import { body, NoBody, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, pageAsked, Paged, pageOf, PageQuery } from "./shapes.ts";

const DeadMessageParam = v.strictObject({ deadMessageId: Uuid });
const DeadMessageQuery = v.strictObject({
  ...PageQuery(Uuid).entries,
  queue: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,63}$/, "is not the name of a queue"))),
  state: v.optional(DeadMessageState),
});

export type DeadMessagesPorts = Pick<
  Services,
  "deadMessages" | "replayQueue" | "tenants" | "users" | "outcomes" | "peppers" | "log"
>;

/** What no consumer could take: looked at, sent again, or dropped. */
export const deadMessagesRoute = (s: DeadMessagesPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("dead-messages.list", {
        summary: "List messages that no consumer could take, newest first",
        responses: { 200: Paged(DeadMessageRow) },
      }),
      query(DeadMessageQuery),
      async (c) => {
        const { queue, state, ...page } = c.req.valid("query");
        return c.json(pageOf(await s.deadMessages.list({ ...pageAsked(page), queue, state })));
      },
    )
    .get(
      "/:deadMessageId",
      may("dead-messages.get", {
        summary: "Read a dead message with its body",
        responses: { 200: DeadMessageView },
      }),
      params(DeadMessageParam),
      async (c) => c.json(found(await s.deadMessages.find(c.req.valid("param").deadMessageId))),
    )
    .post(
      "/:deadMessageId/replay",
      may("dead-messages.replay", {
        summary: "Send a dead message to its queue again",
        responses: { 202: DeadMessageRow },
      }),
      params(DeadMessageParam),
      body(NoBody),
      once,
      async (c) => {
        const { deadMessageId: id } = c.req.valid("param");
        const message = found(await s.deadMessages.find(id));
        if (message.state === "dropped") throw problems.conflict("It was dropped.");
        // Before it is noted: sent twice it is recorded once, for the books know its id; noted and not sent it would be lost.
        await send(s, message);
        const act = actOf(c, { action: "dead-message.replay", subject: id, status: 202 });
        return c.json(rowOf(await s.deadMessages.noteReplay(act, id)), 202);
      },
    )
    .delete(
      "/:deadMessageId",
      may("dead-messages.drop", {
        summary: "Drop a dead message: it is never sent again, and stays to be read",
        responses: { 200: DeadMessageRow },
      }),
      params(DeadMessageParam),
      body(NoBody),
      once,
      async (c) => {
        const { deadMessageId: id } = c.req.valid("param");
        const act = actOf(c, { action: "dead-message.drop", subject: id });
        return c.json(rowOf(await s.deadMessages.drop(act, id)));
      },
    );
};

async function send({ replayQueue, log }: DeadMessagesPorts, { id, queue, body }: DeadMessageView): Promise<void> {
  try {
    await replayQueue.send(queue, body);
  } catch (error) {
    log.error("dead-message-not-sent", { error, id, queue });
    throw problems.queueUnavailable();
  }
}
