import { afterAll, beforeAll } from "vitest";
import { startGateway, startStack, type Gateway, type Settings, type Stack } from "./gateway.ts";
import { expectExactMoney } from "./invariants.ts";
import { upstreamControl, type UpstreamControl } from "./upstream-control.ts";

export type Running = {
  readonly stack: Stack;
  readonly gateway: Gateway;
  readonly upstream: UpstreamControl;
  /** A gateway key of a tenant on the platform's upstream key. */
  readonly shared: string;
  /** A gateway key of a tenant that brings its own. */
  readonly byo: string;
};

/** One stack and one Worker for the tests of a describe block. When they are done, the money must be exact, whatever they did. */
export function useGateway(settings: Settings = {}): () => Running {
  let running: Running | undefined;
  beforeAll(async () => {
    const stack = await startStack();
    const gateway = await startGateway(stack, settings);
    const [shared, byo] = [stack.tenant("shared").apiKey, stack.tenant("byo").apiKey];
    running = { stack, gateway, upstream: upstreamControl(stack.upstream.url), shared, byo };
  });
  afterAll(async () => {
    if (running === undefined) return;
    const { stack, gateway } = running;
    try {
      await expectExactMoney(stack, gateway);
    } finally {
      await gateway.close();
      await stack.close();
    }
  });
  return () => {
    if (running === undefined) throw new Error("the gateway is used outside a test");
    return running;
  };
}
