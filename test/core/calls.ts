import { type Call, type Endpoint, findEndpoint } from "../../src/core/catalogue.ts";
import { readCall } from "../../src/core/parameters.ts";

/** The endpoint at `path`; a test that misspells it fails at once. */
export function endpointAt(path: string): Endpoint {
  const endpoint = findEndpoint(path);
  if (endpoint === undefined) throw new Error(`No endpoint at ${path}`);
  return endpoint;
}

/** The call that a valid query string makes. */
export function callTo(path: string, search = ""): Call {
  const read = readCall(endpointAt(path), search);
  if (read.kind === "invalid") throw new Error(`${search} is refused: ${JSON.stringify(read.invalid)}`);
  return read.call;
}
