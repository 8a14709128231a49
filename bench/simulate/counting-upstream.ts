import type { Call } from "../../src/core/catalogue.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { Upstream } from "../../src/core/ports.ts";
import { bodyOf } from "./bodies.ts";
import { KINDS, profileOf, type Kind } from "./calls.ts";
import type { Latency } from "./latency.ts";

type Settings = {
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly latency: Latency;
  readonly onCall: () => void;
};

const encoder = new TextEncoder();

/** An upstream that answers everything after a while, and remembers what it sent to whom. */
export function countingUpstream({ clock, pause, latency, onCall }: Settings) {
  const sent = new Set<string>();
  const upstream: Upstream = {
    async send(call) {
      onCall();
      await pause(latency());
      const answeredAtMs = clock();
      const { kind, profile } = askedBy(call);
      sent.add(nameOf(kind, profile, answeredAtMs));
      const body = encoder.encode(bodyOf(kind, profile, answeredAtMs));
      const plain = { status: 200, contentType: "application/json", retryAfter: null, credits: null } as const;
      return { kind: "complete", ...plain, answeredAtMs, body };
    },
  };
  return {
    upstream,
    /**
     * Whether this was sent for exactly this call, byte for byte, at the time that it bears; or, derived, whether it equals as JSON what would have
     * been sent for it at that time, which an answer about the same profile proves.
     */
    hasSent(entry: Entry, kind: Kind, profile: number): boolean {
      const { body, fetchedAtMs } = entry;
      const itself = bodyOf(kind, profile, fetchedAtMs);
      if (sent.has(nameOf(kind, profile, fetchedAtMs))) return body === itself;
      const isProven = KINDS.some(
        (source) => source.startsWith("userinfo") && sent.has(nameOf(source, profile, fetchedAtMs)),
      );
      return isProven && kind !== "user-posts" && JSON.stringify(JSON.parse(body)) === itself;
    },
  };
}

function nameOf(kind: Kind, profile: number, atMs: number): string {
  return `${kind} ${profile} ${atMs}`;
}

function askedBy({ endpoint, params }: Call): { readonly kind: Kind; readonly profile: number } {
  const kind = KINDS.find((kind) => endpoint.path === `/${kind}/`);
  const [[, value] = ["", ""]] = params;
  if (kind === undefined) throw new Error(`Nobody asks for ${endpoint.path}.`);
  return { kind, profile: profileOf(value) };
}
