import * as v from "valibot";
import { worker } from "../../src/boot.ts";
import type { Batch, Message } from "../../src/queue/consume.ts";
import { services } from "../../src/services.ts";
import { FAILPOINTS, queueWithFailpoints, withFailpoints, type Failpoint } from "./failpoints.ts";

/** What the build can be told while it runs, at `POST /__chaos`. */
const Orders = v.strictObject({
  /** Where it dies; null is nowhere. */
  failpoint: v.nullable(v.picklist(FAILPOINTS)),
  /** `refuses`: sending fails. `disorder`: what is delivered comes twice, out of order, in pieces, all at once, and now and then again. */
  queue: v.picklist(["orderly", "refuses", "disorder"]),
});

export type Orders = v.InferOutput<typeof Orders>;

let orders: Orders = { failpoint: null, queue: "orderly" };
let batches = 0;

/** The build that chaos runs: the Worker as it is deployed, but for failpoints and a queue that misbehaves when it is told to. */
const { handler: gateway } = worker((config, env) => {
  const hooks = {
    reach: (failpoint: Failpoint) => reach(failpoint, controllerOf(env)),
    refuses: () => orders.queue === "refuses",
  };
  const failing = { ...env, USAGE_QUEUE: queueWithFailpoints(env.USAGE_QUEUE, hooks) };
  return withFailpoints(services(config, failing), hooks);
});

export default {
  ...gateway,
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/__chaos") return gateway.fetch(request, env, context);
    orders = v.parse(Orders, await request.json());
    return new Response(null, { status: 204 });
  },
  async queue(batch, env) {
    if (orders.queue !== "disorder") return gateway.queue(batch, env);
    await Promise.all(disordered(batch).map((piece) => gateway.queue(piece, env)));
    batches += 1;
    if (batches % 3 === 0) throw new Error("The whole batch is delivered again, what was acknowledged too.");
  },
} satisfies ExportedHandler<Env>;

/** Whoever controls the run kills the process from outside: no code of this build runs after it, no `finally` and no `catch`. */
async function reach(failpoint: Failpoint, controller: string): Promise<void> {
  if (orders.failpoint !== failpoint) return;
  await fetch(`${controller}/${failpoint}`);
  await new Promise(() => undefined);
}

function controllerOf(env: Env): string {
  return v.parse(v.object({ CHAOS_CONTROLLER: v.string() }), env).CHAOS_CONTROLLER;
}

/** Each message in two pieces, the later ones first. */
function disordered({ queue, messages }: Batch): readonly Batch[] {
  const backwards: readonly Message[] = messages.toReversed();
  const middle = Math.ceil(backwards.length / 2);
  const pieces = [backwards.slice(0, middle), backwards.slice(middle), backwards];
  return pieces.filter((piece) => piece.length > 0).map((piece) => ({ queue, messages: piece }));
}
