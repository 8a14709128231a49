import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

export type Received = { readonly id: string; readonly headers: Record<string, string>; readonly body: string };

/** Answers one delivery; `count` is how many this path has had, this one among them. */
export type Reply = (count: number, response: ServerResponse) => void;

const accept: Reply = (_count, response) => void response.writeHead(204).end();

/** A receiver of webhooks on this machine, with a path for each webhook of a test. */
export async function startReceiver() {
  const received = new Map<string, Received[]>();
  const replies = new Map<string, Reply>();
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const delivery = { id: headers["webhook-id"] ?? "", headers, body: await text(request) };
    const all = [...(received.get(path) ?? []), delivery];
    received.set(path, all);
    (replies.get(path) ?? accept)(all.length, response);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    /** From now on this path answers so; without it, 204. */
    reply: (path: string, reply: Reply) => void replies.set(path, reply),
    received: (path: string): readonly Received[] => received.get(path) ?? [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a delivery says, when the specification's own library finds its signature good. */
export function verified(secret: string, { headers, body }: Received): unknown {
  return new Webhook(secret).verify(body, headers);
}
