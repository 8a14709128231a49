import * as v from "valibot";
import type { Act, Acted } from "./act.ts";
import type { Page, PageOf } from "./control-ports.ts";
import { Uuid } from "./resources.ts";

const Instant = v.pipe(v.string(), v.isoTimestamp());

/** `buried`: nobody has decided yet. `replayed`: sent to its queue again. `dropped`: for good. */
export const DeadMessageState = v.picklist(["buried", "replayed", "dropped"]);

/** A dead message as a list shows it. */
export const DeadMessageRow = v.object({
  id: Uuid,
  /** The queue's id of the delivery that was buried; what is buried again after a replay has another. */
  message_id: v.string(),
  queue: v.string(),
  reason: v.string(),
  state: DeadMessageState,
  /** How often it was replayed. */
  replays: v.number(),
  /** The beginning of its body, as JSON. */
  excerpt: v.string(),
  buried_at: Instant,
  replayed_at: v.nullable(Instant),
  dropped_at: v.nullable(Instant),
});

/** A dead message with the whole of its body, which may be anything. */
export const DeadMessageView = v.object({ ...DeadMessageRow.entries, body: v.unknown() });

export type DeadMessageState = v.InferOutput<typeof DeadMessageState>;
export type DeadMessageRow = v.InferOutput<typeof DeadMessageRow>;
export type DeadMessageView = v.InferOutput<typeof DeadMessageView>;

export type DeadMessagesAsked = Page & {
  readonly queue?: string | undefined;
  readonly state?: DeadMessageState | undefined;
};

/** What was buried, for the operator to look at and decide on. All throw `Unavailable` when Postgres does not answer. */
export type DeadMessages = {
  /** Newest first: ids are UUIDv7, and a page goes on below `after`. */
  list(asked: DeadMessagesAsked): Promise<PageOf<DeadMessageRow>>;
  find(id: string): Promise<DeadMessageView | undefined>;
  /** Notes that the message was sent again. A conflict when it was dropped. */
  noteReplay(act: Act, id: string): Promise<Acted<DeadMessageRow>>;
  /** Takes it off the list of what is to be decided. Dropping what is dropped is done already; what was replayed is a conflict. */
  drop(act: Act, id: string): Promise<Acted<DeadMessageRow>>;
};

/**
 * Sends a body, whatever it is, to the queue that its message came from; from a dead-letter queue, to the queue before it. Throws when the
 * queue refuses, and then nothing was sent.
 */
export type ReplayQueue = { send(queue: string, body: unknown): Promise<void> };
