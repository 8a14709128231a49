import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer before it is put on the wire. */
export type Reply = {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request and the response it waits for. */
export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

const gzipped = promisify(gzip);

/** Sends an answer, compressed for those who take it. `upTo` less than 1 breaks the connection after that part of the announced body. */
export async function send({ request, response }: Exchange, reply: Reply, upTo: number): Promise<void> {
  const zip = takesGzip(request.headers["accept-encoding"]) && reply.body !== "";
  const bytes = zip ? await gzipped(reply.body) : Buffer.from(reply.body);
  response.writeHead(reply.status, {
    "Content-Type": "application/json; charset=utf-8",
    Vary: "Accept-Encoding",
    ...(zip ? { "Content-Encoding": "gzip" } : {}),
    ...reply.headers,
    "Content-Length": bytes.length,
  });
  if (request.method === "HEAD") response.end();
  else if (upTo < 1) response.write(bytes.subarray(0, Math.floor(bytes.length * upTo)), () => response.destroy());
  else response.end(bytes);
}

function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  const codings = String(acceptEncoding ?? "").split(",");
  return codings.some((coding) => /^\s*(x-)?gzip\s*(;\s*q=(1|0?\.0*[1-9])[\d.]*\s*)?$/i.test(coding));
}
