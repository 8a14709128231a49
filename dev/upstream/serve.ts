import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { decide, type Decision } from "./decide.ts";
import { drawLatencyMs } from "./latency.ts";
import type { ReceivedCall } from "./meter.ts";
import { misbehave, type Delivery } from "./misbehave.ts";
import { send, type Exchange } from "./reply.ts";
import type { State } from "./state.ts";

/**
 * One call, from its arrival to the last byte. A client that leaves in between changes nothing: the real one charges for what it has
 * worked out, whether or not somebody is left to read it.
 */
export async function serve(state: State, { request, response }: Exchange, closing: AbortSignal): Promise<void> {
  const call = receivedCall(request);
  const fault = state.faults.take(call);
  state.meter.received({ ...call, receivedAtMs: Date.now(), fault: fault?.kind ?? null });
  const delayMs = drawLatencyMs(state.mode.latency, state.latencyDraws) + (fault?.delayMs ?? 0);
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: closing });

  const decided = (given: { readonly clips: boolean }) => decide(state, call, given);
  const delivery: Delivery = fault === undefined ? undisturbed(decided({ clips: true })) : misbehave(fault, decided);
  if (delivery.credits > 0) {
    state.accounts.spend(call.key, delivery.credits);
    state.meter.charged(call.key, delivery.credits);
  }
  if (delivery.kind === "reset") request.socket.resetAndDestroy();
  else if (delivery.kind === "answer") await send({ request, response }, delivery.reply, delivery.upTo);
}

function undisturbed({ reply, charged }: Decision): Delivery {
  return { kind: "answer", reply, upTo: 1, credits: charged ? 1 : 0 };
}

function receivedCall({ method = "", url = "", headers }: IncomingMessage): ReceivedCall {
  const mark = url.indexOf("?");
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    key: String(headers["x-api-key"] ?? ""),
  };
}
