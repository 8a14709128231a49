import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ClientRequest, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pace } from "../../bench/pace.ts";
import { visit } from "../../bench/visit.ts";

const REQUESTS = "http.client.request.start";

describe("the load generator", () => {
  /** In the order in which they were sent: over several connections they come in any. */
  const sent: string[] = [];
  const note = (message: unknown) => {
    if (typeof message !== "object" || message === null || !("request" in message)) return;
    if (message.request instanceof ClientRequest) sent.push(message.request.path);
  };
  /** The first is answered when the last has come. */
  const last = Promise.withResolvers<void>();
  let server: Server;
  let origin = "";

  beforeAll(async () => {
    subscribe(REQUESTS, note);
    server = createServer((request, response) => {
      const { url = "" } = request;
      const end = () =>
        response.writeHead(url === "/refused" ? 429 : 200, { "cache-status": `way; ttl=${sent.length}` }).end();
      if (url === "/held9") last.resolve();
      if (url === "/held0") void last.promise.then(end);
      else end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    unsubscribe(REQUESTS, note);
    await new Promise((resolve) => server.close(resolve));
  });

  const ask = (path: string, renews: boolean) => ({ origin, path, headers: {}, renews });

  it("asks each by turns, so that what else the machine does hits both alike", async () => {
    const paced = await pace({
      kind: "pace",
      asked: [ask("/one", false), ask("/refused", false)],
      perSecond: 200,
      seconds: 0.1,
      perTurn: 10,
    });
    expect(sent.splice(0)).toEqual(
      [10, 10, 10, 10].flatMap((count, at) => Array(count).fill(["/one", "/refused"][at % 2])),
    );
    expect(paced.map(({ answers }) => answers.map(({ status }) => status))).toEqual([
      Array(20).fill(200),
      Array(20).fill(429),
    ]);
  });

  it("waits for no answer before it sends the next, for then a slow one would slow down those that are measured", async () => {
    const asked = [ask("/held", true)];
    const [paced] = await pace({ kind: "pace", asked, perSecond: 100, seconds: 0.1, perTurn: 10 });
    expect(sent.splice(0)).toEqual(Array.from({ length: 10 }, (_, at) => `/held${at}`));
    expect(paced?.p99Ms).toBeGreaterThan(80);
  });

  it("asks for each call once when it visits all, and tells the ways of the answers apart", async () => {
    const { ways } = await visit({ kind: "visit", asked: ask("/call", true), count: 50, connections: 4 });
    expect(new Set(sent.splice(0)).size).toBe(50);
    expect(ways).toEqual({ "200 way; ttl=N": 50 });
  });
});
