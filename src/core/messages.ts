import * as v from "valibot";
import { Change } from "./changes.ts";
import { isOutcome, type Outcome } from "./charge.ts";
import type { ControlMessage } from "./control-ports.ts";
import type { OpenReservation } from "./ledger.ts";
import type { RefreshMessage } from "./ports.ts";
import type { HitBatch, HitRow, KeyCount, Usage, UsageEvent } from "./usage.ts";
import { isUuid, isUuid7, uuid7TimeMs } from "./uuid7.ts";

/** Far above any price or any count between two flushes: what is above it is damage, and must not reach an invoice. */
const MOST = 1_000_000;
const ROWS = 1_000;
/** More than there are, for a newer version may have more. */
const MOST_BUCKETS = 999;

/** A time outside is a clock gone wrong or damage, and would make a day that no invoice has, or none that Postgres knows. */
const EARLIEST_MS = Date.UTC(2020, 0);
const LATEST_MS = Date.UTC(2100, 0);

const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST));
const timeMs = v.pipe(v.number(), v.integer(), v.minValue(EARLIEST_MS), v.maxValue(LATEST_MS));
const uuid = v.pipe(v.string(), v.check(isUuid, "Invalid UUID"));
const uuid7 = v.pipe(v.string(), v.check(isUuid7, "Invalid UUIDv7"));
/** Printable ASCII: Postgres' text holds neither NUL nor half a character, and these names are all ours. */
const name = v.pipe(v.string(), v.maxLength(100), v.regex(/^[ -~]+$/));
/** Of the form of a path, not one of the table: what an older Worker dispatched must be recorded by a newer one. */
const endpoint = v.pipe(name, v.regex(/^\/[a-z0-9-]+\/$/));

const order = { tenantId: uuid, endpoint, requestId: name, upstreamKeyId: name };

const UsageEventSchema = v.pipe(
  v.object({
    ...order,
    eventId: uuid7,
    occurredAtMs: timeMs,
    status: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999)),
    outcome: v.custom<Outcome>(isOutcome, "Invalid outcome"),
    creditsCharged: whole,
    creditsInDoubt: whole,
  }),
  v.forward(
    v.partialCheck(
      [["eventId"], ["occurredAtMs"]],
      ({ eventId, occurredAtMs }) => isUuid7(eventId) && uuid7TimeMs(eventId) === occurredAtMs,
      "Invalid time: it is not the one inside the event's id",
    ),
    ["occurredAtMs"],
  ),
) satisfies v.GenericSchema<unknown, UsageEvent>;

const tier = v.exactOptional(whole);

/** An older version's hits are of no tier, and a newer one's of one that is not known here: both are counted in `hits` alone. */
const byTier = v.optional(v.object({ memory: tier, colo: tier, redis: tier, joined: tier, stale: tier }), {});

const HitRowSchema = v.object({
  endpoint,
  hits: whole,
  creditsSaved: whole,
  byTier,
}) satisfies v.GenericSchema<unknown, HitRow>;

const LatencyCountSchema = v.object({ tier: name, bucket: v.pipe(whole, v.maxValue(MOST_BUCKETS)), requests: whole });

const KeyCountSchema = v.object({
  keyId: name,
  calls: whole,
  creditsCharged: whole,
  creditsInDoubt: whole,
  creditsOnOwnKey: whole,
  hits: whole,
  creditsSaved: whole,
  byTier,
}) satisfies v.GenericSchema<unknown, KeyCount>;

/** A batch has a row also where there was no hit: by the rows that are new it is told whether the batch is. */
const HitBatchSchema = v.object({
  batchId: uuid7,
  tenantId: uuid,
  flushedAtMs: timeMs,
  rows: v.pipe(v.array(HitRowSchema), v.minLength(1), v.maxLength(ROWS)),
  latency: v.exactOptional(v.pipe(v.array(LatencyCountSchema), v.maxLength(ROWS))),
  keys: v.exactOptional(v.pipe(v.array(KeyCountSchema), v.maxLength(ROWS))),
}) satisfies v.GenericSchema<unknown, HitBatch>;

/** Unknown members are dropped and not refused: while two versions run, a newer one's messages must not be buried by an older one. */
const UsageSchema = v.variant("kind", [
  v.object({ kind: v.literal("event"), event: UsageEventSchema }),
  v.object({ kind: v.literal("hits"), batch: HitBatchSchema }),
]);

/** What is in it is read one by one: what is wrong with one must not take the others with it. */
const TogetherSchema = v.object({
  kind: v.literal("batch"),
  usage: v.pipe(v.array(v.unknown()), v.minLength(1)),
});

const ControlMessageSchema = v.variant("kind", [
  v.object({ kind: v.literal("change"), change: Change }),
  v.object({ kind: v.literal("event"), tenantId: uuid, eventId: uuid7 }),
  v.object({ kind: v.literal("check-key"), tenantId: uuid, upstreamKeyId: uuid }),
]) satisfies v.GenericSchema<unknown, ControlMessage>;

const RefreshMessageSchema = v.object({
  kind: v.literal("refresh"),
  path: v.pipe(v.string(), v.maxLength(8_192)),
  tenantId: uuid,
  scope: v.pipe(name, v.regex(/^(?:pool|tenant):/)),
  seenMs: v.nullable(timeMs),
  untilMs: timeMs,
  priority: v.picklist(["refresh", "warm"]),
}) satisfies v.GenericSchema<unknown, RefreshMessage>;

const OrderSchema = v.object({ ...order, credits: whole });

type ParsedMessage<Message> =
  | { readonly kind: "ok"; readonly message: Message }
  | { readonly kind: "malformed"; readonly reason: string };

/** One thing of a message of the usage queue, as it came and as it was read. */
export type UsagePart = { readonly body: unknown; readonly parsed: ParsedMessage<Usage> };

/**
 * Reads a message of the usage queue, each thing in it for itself; at least one. A reason names what is wrong and repeats none of its values,
 * for it is logged.
 */
export function parseUsageMessage(body: unknown): readonly UsagePart[] {
  const together = v.safeParse(TogetherSchema, body);
  const bodies = together.success ? together.output.usage : [body];
  return bodies.map((each) => ({ body: each, parsed: parseMessage(UsageSchema, each) }));
}

/** Reads a message of the control queue, in the same way. */
export function parseControlMessage(body: unknown): ParsedMessage<ControlMessage> {
  return parseMessage(ControlMessageSchema, body);
}

/** Reads a message of the refresh queue, in the same way. */
export function parseRefreshMessage(body: unknown): ParsedMessage<RefreshMessage> {
  return parseMessage(RefreshMessageSchema, body);
}

function parseMessage<Message>(schema: v.GenericSchema<unknown, Message>, body: unknown): ParsedMessage<Message> {
  const read = v.safeParse(schema, body, { abortEarly: true });
  if (read.success) return { kind: "ok", message: read.output };
  const [issue] = read.issues;
  return { kind: "malformed", reason: `${v.getDotPath(issue) ?? "message"}: ${complaint(issue)}` };
}

/** An event as the outbox holds it, or nothing when it is none. */
export function parseUsageEvent(json: string): UsageEvent | undefined {
  const read = v.safeParse(UsageEventSchema, parsed(json));
  return read.success ? read.output : undefined;
}

/** An open reservation as the ledger holds it under its event id, or nothing when it is none. */
export function parseOpenReservation(eventId: string, json: string): OpenReservation | undefined {
  const read = v.safeParse(OrderSchema, parsed(json));
  if (!read.success || !isUuid7(eventId)) return undefined;
  const occurredAtMs = uuid7TimeMs(eventId);
  return v.is(timeMs, occurredAtMs) ? { ...read.output, eventId, occurredAtMs } : undefined;
}

/** The library's own messages repeat what they received; those of checks are written here and do not. */
function complaint({ kind, type, expected, message }: v.BaseIssue<unknown>): string {
  const ours = type === "custom" || (kind === "validation" && expected === null);
  return ours ? message : `expected ${expected}`;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
