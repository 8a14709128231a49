type Kept = { readonly headers: Headers; readonly body: Uint8Array; readonly untilMs: number };

const kept = new Map<string, Kept>();

/**
 * The Cache API of one colo, in memory: workerd sends `match` as a GET and `put` as a PUT whose body is the response as HTTP. The local
 * simulator's is on disk, behind two more Workers, and would be all that its row measures.
 */
export const cache = {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "PUT") {
      kept.set(request.url, parse(new Uint8Array(await request.arrayBuffer())));
      return new Response(null, { status: 204 });
    }
    const found = kept.get(request.url);
    if (found === undefined || found.untilMs <= Date.now())
      return new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } });
    return new Response(found.body, { headers: found.headers });
  },
} satisfies ExportedHandler;

/** Understands what the gateway and the benchmark put: a length, and `max-age` alone. */
function parse(message: Uint8Array): Kept {
  const end = endOfHead(message);
  const [, ...lines] = new TextDecoder().decode(message.subarray(0, end)).split("\r\n");
  const headers = new Headers(lines.map((line) => splitAt(line, line.indexOf(":"))));
  if (headers.has("transfer-encoding")) throw new Error("a response without a length is not understood");
  const [, seconds] = /max-age=(\d+)/.exec(headers.get("cache-control") ?? "") ?? [];
  headers.set("cf-cache-status", "HIT");
  return { headers, body: message.slice(end + 4), untilMs: Date.now() + Number(seconds) * 1_000 };
}

function endOfHead(message: Uint8Array): number {
  for (let at = 0; at < message.length; at += 1)
    if (message[at] === 13 && message[at + 1] === 10 && message[at + 2] === 13 && message[at + 3] === 10) return at;
  throw new Error("this is no HTTP response");
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1).trim()];
}
