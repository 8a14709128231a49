import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** Stands before the SQL endpoint and writes down which statements pass, without their values. */
export async function startSqlRecorder(target: string) {
  let statements: string[] = [];
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    statements.push(...statementsOf(body));
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === "string" && !HOP_BY_HOP.has(name) ? [[name, value] as [string, string]] : [],
    );
    const answer = await fetch(new URL(request.url ?? "/", target), { method: "POST", headers, body });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
  };
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What passed since this was last asked. */
    take: () => {
      const taken = statements;
      statements = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const HOP_BY_HOP = new Set(["host", "connection", "content-length", "transfer-encoding", "accept-encoding"]);

type Query = { readonly query: string };

function statementsOf(body: string): string[] {
  const sent = JSON.parse(body) as Query | { readonly queries: readonly Query[] };
  return ("queries" in sent ? sent.queries : [sent]).map(({ query }) => query.replaceAll(/\s+/g, " ").trim());
}
