import { createServer, type Server } from "node:http";
import { EARLIEST_MS, LATEST_MS } from "./clock.ts";
import { control } from "./control.ts";
import type { Exchange } from "./reply.ts";
import { serve } from "./serve.ts";
import { createState, type StateOptions } from "./state.ts";

/*
 * The emulated upstream: what a team develops against without spending credits, and what every test of the gateway has behind it.
 * It answers all of the upstream's endpoints from a world that is computed, not stored: the same call at the same time of its clock
 * gives the same bytes. `markers.ts` tells how to get a missing user, an empty list or a post nobody comments on any more.
 *
 * Steering it:
 *   GET  /__clock         POST /__clock {nowMs?, advanceMs?, frozen?}        its time, Unix milliseconds; `nowMs` freezes it
 *   GET  /__keys          POST /__keys {key, state?, credits?, downloadTier?}
 *   GET  /__mode          POST /__mode {errorStyle?, rateLimit?, chargeNotFound?, p50Ms?, p99Ms?}
 *   GET  /__meter         POST /__meter/reset                               calls and charges per key; calls per path
 *   GET  /__calls                                                           the last 10,000 calls as they came in, and when
 *   POST /__faults {kind, times?, path?, key?, ...}     DELETE /__faults    see `Fault` in faults.ts
 */

export type UpstreamOptions = StateOptions & {
  /** 0, the default, for any that is free. */
  readonly port?: number;
  readonly host?: string;
};

/** Starts an upstream. Rejects when the port is taken; `close` breaks whatever is still under way. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<{ url: string; close(): Promise<void> }> {
  const { port = 0, host = "127.0.0.1", ...rest } = options;
  if (rest.nowMs !== undefined && !(rest.nowMs >= EARLIEST_MS && rest.nowMs <= LATEST_MS)) {
    throw new RangeError("nowMs must lie between 2020 and 2040, in Unix milliseconds");
  }
  const state = createState(rest);
  const closing = new AbortController();
  const server = createServer((request, response) => {
    const exchange = { request, response };
    const done = request.url?.startsWith("/__") ? control(state, exchange) : serve(state, exchange, closing.signal);
    done.catch((error: unknown) => fail(exchange, error, closing.signal));
  });
  // A client may reuse a connection at the moment the server gives it up, which looks like a lost reply: keep them longer than clients do.
  server.keepAliveTimeout = 120_000;
  await listening(server, port, host);
  return { url: `http://${host}:${portOf(server)}`, close: () => close(server, closing) };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream listens on no port");
  return address.port;
}

function close(server: Server, closing: AbortController): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    closing.abort();
    server.closeAllConnections();
  });
}

/** A bug of the emulator's must not look like one of the upstream's faults: it is said aloud. A call cut short by closing is none. */
function fail({ response }: Exchange, error: unknown, closing: AbortSignal): void {
  if (closing.aborted || response.destroyed) return;
  console.error("emulated upstream:", error);
  if (response.headersSent) response.destroy();
  else response.writeHead(500).end("the emulator failed\n");
}
