import type { Decision } from "./decide.ts";
import type { Fault } from "./faults.ts";
import type { Reply } from "./reply.ts";

/** What goes over the wire, and what it costs: an answer (`upTo` less than 1: only that part of it), a broken connection, or nothing ever. */
export type Delivery =
  | { readonly kind: "answer"; readonly reply: Reply; readonly upTo: number; readonly credits: number }
  | { readonly kind: "reset" | "hang"; readonly credits: number };

/** Plays a fault. `decide` is asked only when the call's own answer is sent: otherwise the upstream never came to it. */
export function misbehave(fault: Fault, decide: (given: { readonly clips: boolean }) => Decision): Delivery {
  const unearned = fault.charged === true ? 1 : 0;
  const instead = (reply: Reply): Delivery => ({ kind: "answer", reply, upTo: 1, credits: unearned });
  switch (fault.kind) {
    case "delay":
      return own(fault, decide({ clips: true }), 1);
    case "truncate":
      return own(fault, decide({ clips: true }), 0.5);
    case "empty-urls":
      return own(fault, decide({ clips: false }), 1);
    case "credits":
      return priced(fault.credits, decide({ clips: true }));
    case "hang":
    case "reset":
      return { kind: fault.kind, credits: unearned };
    case "status":
      return instead({ status: fault.status, body: fault.body });
    case "garbage":
      return instead({ status: fault.status, body: PAGE, headers: { "Content-Type": "text/html; charset=utf-8" } });
    case "oversized":
      return instead({ status: fault.status, body: JSON.stringify({ videos: [], filler: "x".repeat(fault.bytes) }) });
    case "redirect":
      return instead({ status: fault.status, body: "", headers: { Location: fault.location } });
    default:
      return fault.kind satisfies never;
  }
}

const PAGE = "<!doctype html><title>Just a moment...</title><h1>Checking your browser</h1>";

function own(fault: Fault, { reply, charged }: Decision, upTo: number): Delivery {
  return { kind: "answer", reply, upTo, credits: (fault.charged ?? charged) ? 1 : 0 };
}

/** A figure is the upstream's own word, whatever it answers. */
function priced(credits: number, { reply }: Decision): Delivery {
  const headers = { ...reply.headers, "X-Credits-Charged": String(credits) };
  return { kind: "answer", reply: { ...reply, headers }, upTo: 1, credits };
}
