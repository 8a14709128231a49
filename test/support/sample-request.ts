import type { ProxyRequest } from "../../src/proxy/request.ts";

/** A request as the steps of the data plane see it: Redis answers at once, and nothing behind the response is kept. */
export function sampleRequest(url = "http://edge/userid/?username=one", init: RequestInit = {}): ProxyRequest {
  const { method, headers } = new Request(url, init);
  return {
    method,
    url,
    headers,
    requestId: "the-request",
    beganMs: 0,
    wait: { within: (work) => work() },
    background: () => undefined,
  };
}
