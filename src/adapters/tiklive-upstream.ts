import { boundedBytes } from "../core/bounded-bytes.ts";
import { upstreamSearch } from "../core/canonical.ts";
import { utf8 } from "../core/bytes.ts";
import { statedCredits } from "../core/charge.ts";
import type { Upstream, UpstreamReply } from "../core/ports.ts";

export type UpstreamSettings = {
  readonly baseUrl: string;
  /** Bound on the decoded body, bytes. */
  readonly maxBodyBytes: number;
  /** The field in which the upstream says what a call cost, if it ever does. */
  readonly creditsHeader: string;
  readonly clock: () => number;
};

/** Shorter texts stand in answers by chance; no key that anybody sells is as short. */
const SHORTEST_KEY_BYTES = 12;

/**
 * TikLiveAPI over fetch. The request is built from the canonical call and an allow-list of headers, never from the client's request:
 * equal keys mean equal upstream requests, and no header of a tenant reaches the vendor. Redirects are not followed, because workerd
 * would resend the key to wherever they point; and no cache on the way may answer, because a cached reply would be booked as a dispatch.
 */
export function tikliveUpstream({ baseUrl, maxBodyBytes, creditsHeader, clock }: UpstreamSettings): Upstream {
  const base = baseUrl.replace(/\/$/, "");
  return {
    async send(call, upstreamKey, deadlineMs) {
      const url = `${base}${call.endpoint.path}${upstreamSearch(call)}`;
      const headers = { "x-api-key": upstreamKey, accept: "application/json", "user-agent": "tikedge/1" };
      const signal = AbortSignal.timeout(deadlineMs);
      let response: Response;
      try {
        response = await fetch(url, { method: "GET", headers, redirect: "manual", cache: "no-store", signal });
      } catch {
        return { kind: "failed", reason: signal.aborted ? "timeout" : "thrown", status: 0 };
      }
      const isRedirect = response.status >= 300 && response.status < 400;
      return isRedirect
        ? refuseRedirect(response)
        : readWhole(response, { maxBodyBytes, creditsHeader, signal, answeredAtMs: clock(), upstreamKey });
    },
  };
}

async function refuseRedirect(response: Response): Promise<UpstreamReply> {
  await response.body?.cancel().catch(() => undefined);
  return { kind: "failed", reason: "redirect", status: response.status };
}

type Reading = {
  readonly maxBodyBytes: number;
  readonly creditsHeader: string;
  readonly signal: AbortSignal;
  readonly answeredAtMs: number;
  readonly upstreamKey: string;
};

async function readWhole(response: Response, reading: Reading): Promise<UpstreamReply> {
  const { maxBodyBytes, signal, answeredAtMs, upstreamKey } = reading;
  const { status, headers } = response;
  try {
    const body = await boundedBytes(response, maxBodyBytes);
    if (body === undefined) return { kind: "failed", reason: "oversized", status };
    blotOut(body, utf8(upstreamKey));
    const contentType = headers.get("content-type") ?? "application/octet-stream";
    const stated = {
      retryAfter: headers.get("retry-after"),
      credits: statedCredits(headers.get(reading.creditsHeader)),
    };
    return { kind: "complete", status, contentType, ...stated, answeredAtMs, body };
  } catch {
    return { kind: "failed", reason: signal.aborted ? "timeout" : "truncated", status };
  }
}

/**
 * Overwrites the key with asterisks wherever the body repeats it, as errors of some vendors do: bodies go to tenants, to their pages, and
 * into caches. As long as before, so that it means the same in every other respect.
 */
function blotOut(body: Uint8Array, key: Uint8Array): void {
  const [first] = key;
  if (first === undefined || key.length < SHORTEST_KEY_BYTES) return;
  for (let at = body.indexOf(first); at >= 0; at = body.indexOf(first, at + 1)) {
    if (key.every((byte, index) => body[at + index] === byte)) body.fill(0x2a, at, at + key.length);
  }
}
