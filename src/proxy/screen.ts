import { problems } from "../core/problem.ts";
import type { ProxyRequest } from "./request.ts";

/** Longer than any URL that names a call of the upstream, and short enough to parse for nothing. */
export const MAX_URL_LENGTH = 4_096;

export const METHODS = "GET, HEAD, OPTIONS";

/** Refuses what no identity could make valid: other methods than the upstream's, and over-long URLs. Costs no I/O. */
export function screen({ method, url }: Pick<ProxyRequest, "method" | "url">): void {
  if (method !== "GET" && method !== "HEAD") throw problems.methodNotAllowed(METHODS);
  if (url.length > MAX_URL_LENGTH) throw problems.uriTooLong(MAX_URL_LENGTH);
}
