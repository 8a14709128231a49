import type { Operation, OperationKind, Recording } from "./recording.ts";

/** Longer than anything takes here: what a response does not wait for is still under way when it is there. */
const SLOWLY_MS = 20;

/** What a name of a bucket begins with, in a command. */
const BUCKET = '"tkb:';

type Counting = {
  kind: OperationKind;
  began: number;
  ended: number | null;
  bytes: number;
  messages: readonly unknown[];
};

/** Where the Worker's fetches go; a setting says where each is. */
export type Places = Readonly<Record<string, OperationKind>>;

/** Counts what an isolate asks for, in the runtime itself, where every way out passes. */
export function tap() {
  let turns = 0;
  let operations: Counting[] = [];
  let answered: number | null = null;
  let behind = 0;
  let places: Places = {};
  const turn = () => (turns += 1);

  async function slowly<Result>(given: Partial<Counting> & Pick<Counting, "kind">, work: () => Promise<Result>) {
    const operation: Counting = { bytes: 0, messages: [], ...given, began: turn(), ended: null };
    operations.push(operation);
    try {
      const done = await work();
      await scheduler.wait(SLOWLY_MS);
      return { done, operation };
    } finally {
      operation.ended = turn();
    }
  }

  const { fetch } = globalThis;
  globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const place = places[new URL(input instanceof Request ? input.url : input).origin];
    if (place === undefined) throw new Error("A fetch goes to a place that is not counted.");
    const sent = typeof init?.body === "string" ? init.body : "";
    const kind = place === "redis" && sent.includes(BUCKET) ? "limiter" : place;
    const { done, operation } = await slowly({ kind, bytes: sizeOf(sent) }, async () => {
      const response = await fetch(input, init);
      return { response, body: await response.arrayBuffer() };
    });
    operation.bytes += done.body.byteLength;
    return new Response(done.body, done.response);
  };

  const { match, put } = Cache.prototype;
  Cache.prototype.match = async function counted(...given) {
    return (await slowly({ kind: "cache" }, () => match.apply(this, given))).done;
  };
  Cache.prototype.put = async function counted(...given) {
    return (await slowly({ kind: "cache" }, () => put.apply(this, given))).done;
  };

  return {
    goingTo: (known: Places) => void (places = known),
    begin: () => void ([operations, answered, behind] = [[], null, 0]),
    answered: () => void (answered = turn()),
    read: (): Recording => ({ operations: operations satisfies readonly Operation[], answered, behind }),
    /** A queue that counts what is put into it, and carries it nowhere: what a message costs its consumer is counted by itself. */
    queue<Message>(queue: Queue<Message>): Queue<Message> {
      const send = async (messages: readonly unknown[]) => {
        await slowly({ kind: "queue", bytes: sizeOf(JSON.stringify(messages)), messages }, async () => undefined);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      };
      return {
        metrics: () => queue.metrics(),
        send: (body) => send([body]),
        sendBatch: (batch) => send(Array.from(batch, ({ body }) => body)),
      };
    },
    /** The same context, which knows what is not done yet. */
    context(context: ExecutionContext): ExecutionContext {
      const waitUntil = (promise: Promise<unknown>) => {
        const begunIn = operations;
        behind += 1;
        const over = () => void (begunIn === operations && (behind -= 1));
        context.waitUntil(promise.finally(over));
      };
      return new Proxy(context, {
        get: (target, name) => (name === "waitUntil" ? waitUntil : Reflect.get(target, name)),
      });
    },
  };
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
