import type { Services } from "../../src/core/services.ts";

/** Where a Worker can be killed: on both sides of everything that leaves a trace of a credit somewhere. */
export const FAILPOINTS = [
  "after-reserve",
  "after-dispatch",
  "before-settle",
  "after-settle",
  "before-send",
  "after-send",
  "after-record",
  "after-forget",
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

type Hooks = {
  /** Called at every failpoint; one that is to kill never resolves. */
  reach(failpoint: Failpoint): Promise<void>;
  /** Whether the queue refuses what is sent. */
  refuses(): boolean;
};

/** The same queue of usage, which refuses when it is told to. Before it sends, what an isolate has collected is nowhere but in the outbox. */
export function queueWithFailpoints(queue: Env["USAGE_QUEUE"], { reach, refuses }: Hooks): Env["USAGE_QUEUE"] {
  return {
    metrics: () => queue.metrics(),
    send: (...message) => queue.send(...message),
    sendBatch: async (...batch) => {
      if (refuses()) throw new Error("The queue refuses.");
      await reach("before-send");
      const sent = await queue.sendBatch(...batch);
      await reach("after-send");
      return sent;
    },
  };
}

/** The same services, which pass the failpoints on their way. The product's own code has no line for it. */
export function withFailpoints(s: Services, { reach, refuses }: Hooks): Services {
  const { ledger, upstream, usageLedger } = s;
  return {
    ...s,
    ledger: {
      ...ledger,
      reserve: async (request) => {
        const reservation = await ledger.reserve(request);
        if (reservation.kind === "reserved") await reach("after-reserve");
        return reservation;
      },
      settle: async (...settling) => {
        await reach("before-settle");
        const settled = await ledger.settle(...settling);
        await reach("after-settle");
        return settled;
      },
      forget: async (events) => {
        await ledger.forget(events);
        if (events.length > 0) await reach("after-forget");
      },
    },
    upstream: {
      send: async (...call) => {
        const reply = await upstream.send(...call);
        await reach("after-dispatch");
        return reply;
      },
    },
    refreshQueue: {
      send: async (messages) => {
        if (refuses()) throw new Error("The queue refuses.");
        await s.refreshQueue.send(messages);
      },
    },
    usageLedger: {
      ...usageLedger,
      addEvents: async (tenantId, events) => {
        const recording = await usageLedger.addEvents(tenantId, events);
        if (events.length > 0) await reach("after-record");
        return recording;
      },
    },
  };
}
