import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tikliveUpstream } from "../../src/adapters/tiklive-upstream.ts";
import { answerKey } from "../../src/core/answer-key.ts";
import type { Call } from "../../src/core/catalogue.ts";
import { callTo } from "./calls.ts";
import { closeCall } from "./close-calls.ts";

const DEADLINE_MS = 10_000;

/** A request as it came in, and as an upstream reads it: to form decoding `+` and `%20` are one. */
type Received = { readonly wire: string; readonly read: string };

let server: Server;
let received: Received[] = [];

beforeAll(async () => {
  server = createServer(({ method, url = "", headers }, response) => {
    const { pathname, searchParams } = new URL(url, "http://upstream");
    const wire = JSON.stringify([method, url, headers]);
    received.push({ wire, read: JSON.stringify([pathname, ...searchParams]) });
    response.end("{}");
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

/** What comes out of the wire at the other end: a client's library may still rewrite a URL that it is given. */
async function requestOf(call: Call): Promise<Received> {
  const { port } = server.address() as AddressInfo;
  const upstream = tikliveUpstream({
    baseUrl: `http://127.0.0.1:${port}`,
    maxBodyBytes: 100,
    creditsHeader: "x-credits",
    clock: () => 0,
  });
  received = [];
  await upstream.send(call, "key-of-the-test", DEADLINE_MS);
  const [request, second] = received;
  if (request === undefined || second !== undefined) throw new Error(`${received.length} requests came in`);
  return request;
}

const identityOf = (call: Call) =>
  answerKey({ call, scope: "pool:default", tier: "plain", namespaceVersion: "1" }).identity;

/** The members that stand beside more than one member of the other side. */
function ambiguous(
  pairs: readonly (readonly [one: string, other: string])[],
): readonly (readonly [one: string, others: ReadonlySet<string>])[] {
  const beside = new Map<string, Set<string>>();
  for (const [one, other] of pairs) beside.set(one, (beside.get(one) ?? new Set()).add(other));
  return [...beside].filter(([, others]) => others.size > 1);
}

it("calls have one key exactly when they make one upstream request: none is paid twice, none gets another's answer", async () => {
  const asked = fc.sample(closeCall, { numRuns: 3_000, seed: 5 });
  const pairs: { identity: string; wire: string; read: string }[] = [];
  for (const { path, search } of asked) {
    const call = callTo(path, search);
    const { wire, read } = await requestOf(call);
    pairs.push({ identity: identityOf(call), wire, read });
  }
  expect(ambiguous(pairs.map(({ identity, wire }) => [identity, wire]))).toEqual([]);
  expect(ambiguous(pairs.map(({ identity, read }) => [read, identity]))).toEqual([]);
  // Of calls that never meet, nothing would be shown about those that are the same.
  expect(new Set(pairs.map(({ identity }) => identity)).size).toBeLessThan(asked.length / 2);
});
