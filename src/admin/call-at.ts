import * as v from "valibot";
import { findEndpoint, type Call } from "../core/catalogue.ts";
import { mayAsk } from "../core/key-rights.ts";
import { readCall } from "../core/parameters.ts";
import { problems } from "../core/problem.ts";
import type { Caller } from "./request.ts";

/** Longer than any call of the upstream. */
const LONGEST = 4_096;

/** A call as path and query. A `#` would be cut off on its way to the gateway, so it can only be a mistake. */
export const CallPath = v.pipe(
  v.string(),
  v.maxLength(LONGEST, `is longer than ${LONGEST} characters`),
  v.regex(/^\/[^#]*$/, "is not a path with its query, such as /userid/?username=tiktok"),
);

/** The call in canonical form, or 400 that names what is wrong with it as a request for it would be told. */
export function callAt(pathAndQuery: string): Call {
  const [path = "", ...search] = pathAndQuery.split("?");
  const endpoint = findEndpoint(path);
  if (endpoint === undefined) {
    const meant = findEndpoint(`${path}/`)?.path;
    const reason = `names no endpoint${meant === undefined ? "" : `; there is one at ${meant}`}`;
    throw problems.invalidParameters([{ name: "path", reason }]);
  }
  const read = readCall(endpoint, search.join("?"));
  if (read.kind === "invalid") throw problems.invalidParameters(read.invalid);
  return read.call;
}

/** A key for data learns, and does, nothing about a call that it may not make. Who manages the tenant may issue itself a key for any. */
export function refuseUnreadable(caller: Caller, { endpoint }: Call): void {
  if (caller.kind !== "key" || caller.role !== "data-key") return;
  if (!caller.rights.permissions.includes("data")) throw problems.forbidden("This key may not read data.");
  if (!mayAsk(caller.rights, endpoint.path)) throw problems.endpointNotAllowed(endpoint.path);
}
