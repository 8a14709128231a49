import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createFaultSwitch } from "./fault-switch.ts";
import type { Fault, FaultSwitch } from "./fault-switch.ts";

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

export type EndpointRequest = {
  readonly method: string;
  /** The target's path and query, not decoded. */
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};

/** `commands` says how many of the vendor's commands the request ran: they are what the vendor bills. */
export type EndpointReply = { readonly status: number; readonly body: unknown; readonly commands: number };

export type EndpointOptions = {
  readonly port?: number;
  /** The refusal of a request without the right credentials; null lets it pass. */
  refuse(request: EndpointRequest): EndpointReply | null;
  answer(request: EndpointRequest): Promise<EndpointReply>;
};

export type RunningEndpoint = { readonly url: string; stop(): Promise<void> };

/**
 * Serves a vendor's HTTP interface on the loopback, with what tests need beside it: `GET /__stats` counts requests and commands,
 * `POST /__faults` breaks the next ones and `DELETE /__faults` heals. The control routes are neither counted nor broken.
 */
export async function startEndpoint(options: EndpointOptions): Promise<RunningEndpoint> {
  const faults = createFaultSwitch();
  const stats = { requests: 0, commands: 0 };
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) =>
      send(outgoing, { status: 500, body: describe(error), commands: 0 }),
    );
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    if (request === null)
      return send(outgoing, { status: 413, body: { error: "ERR the body is too large" }, commands: 0 });
    const refusal = options.refuse(request);
    if (refusal !== null) return send(outgoing, refusal);
    const control = answerControl(request, faults, stats);
    if (control !== null) return send(outgoing, control);
    stats.requests += 1;
    const fault = faults.take(request.body);
    const reply = await answerUnder(fault, () => options.answer(request));
    stats.commands += reply?.commands ?? 0;
    if (reply === null || fault?.kind === "drop-reply") outgoing.destroy();
    else send(outgoing, reply);
  }

  const url = await listen(server, options.port ?? 0);
  return { url, stop: () => close(server) };
}

function answerControl(
  { method, url, body }: EndpointRequest,
  faults: FaultSwitch,
  stats: { readonly requests: number; readonly commands: number },
): EndpointReply | null {
  if (url.pathname === "/__stats" && method === "GET") return { status: 200, body: { ...stats }, commands: 0 };
  if (url.pathname !== "/__faults") return null;
  if (method === "DELETE") faults.clear();
  else if (!faults.add(body)) return { status: 400, body: { error: "ERR this is no fault" }, commands: 0 };
  return { status: 200, body: { result: "OK" }, commands: 0 };
}

/** Null means that the connection breaks before the request has had any effect. */
async function answerUnder(fault: Fault | null, answer: () => Promise<EndpointReply>): Promise<EndpointReply | null> {
  if (fault === null) return answer();
  if (fault.delayMs > 0) await wait(fault.delayMs);
  switch (fault.kind) {
    case "down":
      return null;
    case "status":
      return { status: fault.status, body: { error: "ERR injected", message: "injected" }, commands: 0 };
    case "delay":
    case "drop-reply":
      return answer();
    default:
      return fault.kind satisfies never;
  }
}

/** Null when the body passes the limit. */
async function read(incoming: IncomingMessage): Promise<EndpointRequest | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > BODY_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? "/", "http://localhost");
  return { method: incoming.method ?? "GET", url, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
}

function send(outgoing: ServerResponse, reply: EndpointReply): void {
  outgoing.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.body));
}

function describe(error: unknown): { readonly error: string; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { error: `ERR ${message}`, message };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
