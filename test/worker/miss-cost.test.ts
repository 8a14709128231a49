import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

/** The change log is read once, and no lease is renewed: both go by the clock, and have tests of their own. */
const SETTINGS = { CONFIRM_AFTER_MS: "3600000", CONFIRM_MS: "3600000", LEASE_MS: "120000", LEASE_RENEW_MS: "60000" };
const MISS = "/userid/?username=";

describe("what a miss asks Redis", () => {
  const running = useGateway(SETTINGS);

  async function requests(): Promise<number> {
    const { upstash } = running().stack;
    const headers = { authorization: `Bearer ${running().stack.redisToken}` };
    const response = await fetch(new URL("/__stats", upstash.url), { headers });
    return (await response.json<{ requests: number }>()).requests;
  }

  /** Once the first event has gone its way through the queue, and what is behind its response has ended. */
  const atRest = async () => {
    const before = await requests();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await requests()).toBe(before);
    return before;
  };

  it("is a token, a look-up and a reservation before the upstream, and five things behind the response", async () => {
    const { gateway, upstream, shared } = running();
    await (await gateway.get(`${MISS}first`, { key: shared })).text();
    const before = await eventually(atRest);
    const calls = await upstream.calls();
    await upstream.fault({ kind: "delay", delayMs: 700 });
    const answering = gateway.get(`${MISS}second`, { key: shared });
    await eventually(async () => expect(await upstream.calls()).toBe(calls + 1));
    expect((await requests()) - before, "token, look-up, reservation").toBe(3);
    expect((await answering).status).toBe(200);
    const behind = async () => (await requests()) - before - 3;
    await eventually(async () =>
      expect(await behind(), "settle, store, link id and name, lease, and out of the outbox").toBe(5),
    );
  });
});
