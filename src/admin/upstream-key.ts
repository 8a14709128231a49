import { Hono } from "hono";
import * as v from "valibot";
import type { UpstreamKeyState } from "../core/control-ports.ts";
import { problems } from "../core/problem.ts";
import { UpstreamKeySwap, UpstreamKeyVersion, UpstreamKeyView } from "../core/resources.ts";
import { authorize, type AuthorizePorts } from "./authorize.ts";
import { confirmed } from "./confirmed.ts";
import { body, NoBody } from "./describe.ts";
import { actOf, idempotent, rowOf, type IdempotentPorts } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, Pending } from "./shapes.ts";
import { swapKey, viewOf, type SwapPorts } from "./swap-key.ts";

const NewUpstreamKey = v.strictObject({
  key: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,200}$/, "is not 1 to 200 visible ASCII characters")),
});

export type UpstreamKeyPorts = SwapPorts & AuthorizePorts & IdempotentPorts;

/** The tenant's own upstream key: what is known of it, never the key. */
export const upstreamKeyRoute = (s: UpstreamKeyPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("upstream-key.get", {
        summary: "Read which upstream key pays, and which ones did",
        responses: { 200: UpstreamKeyView },
      }),
      async (c) => c.json(stateView(found(await s.vault.state(c.var.tenantId)))),
    )
    .put(
      "/",
      may("upstream-key.set", {
        summary: "Bring an upstream key: it is probed, which may cost two credits, and then pays for everything",
        responses: { 200: Pending(UpstreamKeySwap) },
      }),
      body(NewUpstreamKey),
      once,
      async (c) => {
        const swapped = await swapKey(s, {
          tenantId: c.var.tenantId,
          clear: c.req.valid("json").key,
          requestId: c.var.requestId,
          background: (promise) => c.executionCtx.waitUntil(promise),
          act: (doing, outcome) => {
            const { idempotency, ...act } = actOf(c, { ...doing, status: outcome?.status ?? 200 });
            return outcome === undefined || idempotency === undefined
              ? act
              : { ...act, idempotency: { ...idempotency, body: outcome.body } };
          },
        });
        return c.json(swapped);
      },
    )
    .delete(
      "/",
      may("upstream-key.remove", {
        summary: "Go back to the platform's keys; the own one is erased",
        responses: { 200: Pending(UpstreamKeyVersion) },
      }),
      body(NoBody),
      once,
      async (c) => {
        const { tenantId } = c.var;
        const { activeId: id } = found(await s.vault.state(tenantId));
        if (id === null) throw problems.conflict("The tenant is on the platform's keys already.");
        const act = actOf(c, { action: "upstream-key.remove", subject: id });
        const retiresAt = new Date(s.clock() + s.keyRetireMs).toISOString();
        const { result, pending } = await confirmed(s, { kind: "tenant", tenantId }, () =>
          s.vault.giveUp(act, { tenantId, id, retiresAt }),
        );
        return c.json({ ...rowOf(result), pending });
      },
    );
};

function stateView({ mode, allowed, activeId, versions }: UpstreamKeyState): v.InferOutput<typeof UpstreamKeyView> {
  const active = versions.find(({ id, status }) => id === activeId && status === "active");
  return {
    mode,
    allowed,
    active: active === undefined ? null : viewOf(active),
    versions: versions.map(viewOf),
  };
}
