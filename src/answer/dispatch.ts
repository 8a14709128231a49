import type { Call } from "../core/catalogue.ts";
import { charge, type ChargeRules } from "../core/charge.ts";
import { classify, type Classified } from "../core/classify.ts";
import type { Reservation, Reserve } from "../core/ledger.ts";
import type { Upstream, UpstreamReply } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";

export type DispatchPorts = {
  readonly upstream: Upstream;
  readonly chargeRules: ChargeRules;
  readonly clock: () => number;
};

export type Order = Pick<Reserve, "tenantId" | "endpoint" | "credits" | "requestId">;

export type Dispatched = {
  readonly reply: UpstreamReply;
  readonly classified: Classified;
  readonly event: UsageEvent;
  readonly tookMs: number;
};

type Paid = {
  readonly call: Call;
  /** The upstream key in clear. */
  readonly secret: string;
  readonly order: Order;
  readonly reservation: Extract<Reservation, { kind: "reserved" }>;
  /** For status and body together, milliseconds. */
  readonly deadlineMs: number;
};

/** Sends the call once and says what came and what it cost. Never throws: however it ends, the credit has an event. */
export async function dispatch(
  { upstream, chargeRules, clock }: DispatchPorts,
  { call, secret, order, reservation, deadlineMs }: Paid,
): Promise<Dispatched> {
  const sentAtMs = clock();
  const reply = await upstream.send(call, secret, deadlineMs);
  const tookMs = clock() - sentAtMs;
  const classified = classify(call.endpoint, reply);
  const { charged, inDoubt } = charge(
    classified.outcome,
    { credits: order.credits, stated: statedBy(reply) },
    chargeRules,
  );
  const event = {
    eventId: reservation.eventId,
    tenantId: order.tenantId,
    occurredAtMs: reservation.occurredAtMs,
    endpoint: order.endpoint,
    status: reply.status,
    outcome: classified.outcome,
    creditsCharged: charged,
    creditsInDoubt: inDoubt,
    requestId: order.requestId,
    upstreamKeyId: reservation.upstreamKeyId,
  };
  return { reply, classified, event, tookMs };
}

function statedBy(reply: UpstreamReply): number | null {
  return reply.kind === "complete" ? reply.credits : null;
}
