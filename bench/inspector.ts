import { once } from "node:events";
import * as v from "valibot";

const Targets = v.array(v.object({ id: v.string(), webSocketDebuggerUrl: v.string() }));
const Reply = v.pipe(v.string(), v.parseJson(), v.object({ id: v.number(), result: v.unknown() }));
/** Objects, what they stand for outside of JavaScript, and the contents of buffers. */
const HeapUsage = v.pipe(
  v.object({ usedSize: v.number(), embedderHeapUsedSize: v.number(), backingStorageSize: v.number() }),
  v.transform((heap) => heap.usedSize + heap.embedderHeapUsedSize + heap.backingStorageSize),
);

/** Each collection may free what the one before it found: finalisers, and caches of compiled code. */
const COLLECTIONS = 3;
const COLLECTION_MS = 10_000;

export type Inspected = {
  readonly inspectorPort: number;
  readonly worker: string;
  /** Makes the isolate run: it collects garbage between two requests, and by itself never. */
  nudge(): Promise<unknown>;
};

/**
 * What the isolate of a Worker holds once all that can be thrown away is, bytes. The inspector is there for no longer than that: code runs
 * slower under it.
 */
export async function heapBytes({ inspectorPort, worker, nudge }: Inspected): Promise<number> {
  const socket = new WebSocket(await targetOf(inspectorPort, worker));
  await once(socket, "open");
  try {
    for (let time = 1; time <= COLLECTIONS; time += 1) {
      const collected = ask(socket, time, "HeapProfiler.collectGarbage");
      await nudged(collected, nudge);
    }
    return v.parse(HeapUsage, await ask(socket, COLLECTIONS + 1, "Runtime.getHeapUsage"));
  } finally {
    socket.close();
  }
}

async function targetOf(port: number, worker: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/json`);
  const target = v.parse(Targets, await response.json()).find(({ id }) => id === worker);
  if (target === undefined) throw new Error(`the inspector knows no Worker ${worker}`);
  return target.webSocketDebuggerUrl;
}

async function ask(socket: WebSocket, id: number, method: string): Promise<unknown> {
  const signal = AbortSignal.timeout(COLLECTION_MS);
  socket.send(JSON.stringify({ id, method }));
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`the inspector does not answer ${method}`)));
    const read = ({ data }: MessageEvent) => {
      const reply = v.safeParse(Reply, data);
      if (reply.success && reply.output.id === id) resolve(reply.output.result);
    };
    socket.addEventListener("message", read, { signal });
  });
}

async function nudged(work: Promise<unknown>, nudge: () => Promise<unknown>): Promise<void> {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await Promise.race([done, nudge()]);
  await done;
}
