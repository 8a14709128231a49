import { findEndpoint, type Call } from "../core/catalogue.ts";
import { mayAsk } from "../core/key-rights.ts";
import { readCall } from "../core/parameters.ts";
import { problems } from "../core/problem.ts";
import { recentlyMade } from "../core/recent.ts";
import type { Identity, ProxyRequest } from "./request.ts";

/** Most requests are for what was asked a moment ago, in the very same spelling. */
const REMEMBERED = { most: 2_000, longest: 256 };

/**
 * Turns path and query into a canonical call. Fails closed: what is not exactly a call of the table is refused and named, and so is an
 * endpoint that the key may not ask.
 */
export const resolveCall = () => {
  const known = recentlyMade<Call>(REMEMBERED);
  return function resolveCall({ url }: Pick<ProxyRequest, "url">, identity: Identity): Call {
    const call = known.get(url);
    if (call !== undefined && mayAsk(identity, call.endpoint.path)) return call;
    const read = callIn(url, identity);
    known.put(url, read);
    return read;
  };
};

function callIn(url: string, identity: Identity): Call {
  const { pathname, search } = new URL(url);
  const endpoint = findEndpoint(pathname);
  if (endpoint === undefined) throw problems.unknownEndpoint(pathname, findEndpoint(`${pathname}/`)?.path);
  if (!mayAsk(identity, endpoint.path)) throw problems.endpointNotAllowed(endpoint.path);
  const read = readCall(endpoint, search);
  if (read.kind === "invalid") throw problems.invalidParameters(read.invalid);
  return read.call;
}
