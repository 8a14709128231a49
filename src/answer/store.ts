import { etagOf } from "../core/conditional.ts";
import type { Call } from "../core/catalogue.ts";
import type { Classified } from "../core/classify.ts";
import { aliasesOf, derived, type Derived } from "../core/derive.ts";
import type { Entry } from "../core/entry.ts";
import type { AnswerKey, AnswerMemory, AnswerStore, UpstreamReply } from "../core/ports.ts";
import { windowsFor, type WindowOverrides } from "../core/windows.ts";
import { evictLeads, type EvictPorts } from "./evict-leads.ts";
import type { Sought } from "./look-up.ts";
import { keyOf } from "./payer.ts";

export type StorePorts = EvictPorts & {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly windowOverrides: WindowOverrides;
  readonly staleIfErrorMs: number;
  /** Whether one answer fills the keys of others that it answers; if not, every body is the upstream's own, byte for byte. */
  readonly derives: boolean;
  readonly clock: () => number;
};

type Arrived = {
  readonly key: AnswerKey;
  readonly call: Call;
  readonly reply: UpstreamReply;
  readonly classified: Classified;
  readonly expectsLinks: boolean;
  /** By the ledger's clock, Unix milliseconds. */
  readonly reservedAtMs: number;
};

/** The entry that a reply makes, or null when it must not be kept: errors are never cached as answers. */
export async function entryOf(
  { windowOverrides, staleIfErrorMs }: StorePorts,
  { key, call, reply, classified, expectsLinks, reservedAtMs }: Arrived,
): Promise<Entry | null> {
  const { outcome, text, json } = classified;
  if (reply.kind === "failed" || text === null) return null;
  const fetchedAtMs = reply.answeredAtMs;
  const answered = { endpoint: call.endpoint, call, outcome, json, fetchedAtMs, expectsLinks, staleIfErrorMs };
  const windows = windowsFor({ ...answered, overrides: windowOverrides });
  if (windows === null) return null;
  return {
    identity: key.identity,
    status: reply.status,
    contentType: reply.contentType,
    body: text,
    etag: await etagOf(text),
    fetchedAtMs,
    reservedAtMs,
    derived: false,
    ...windows,
  };
}

type Kept = { readonly entry: Entry | null; readonly classified: Classified };

/** Keeps an entry in every tier, the isolate's first. A tier that refuses has logged it; the next request pays again at the worst. */
export async function store(ports: StorePorts, sought: Sought, { entry, classified }: Kept): Promise<void> {
  if (entry === null) return;
  const { memory, colo, redis, clock } = ports;
  const { key } = sought;
  const stored = { entry, confirmedAtMs: clock() };
  memory.put(stored);
  await Promise.all([
    colo.put(key, stored),
    redis.put(key, stored),
    storeBeside(ports, sought, { entry, classified }),
    ...(entry.kind === "negative" ? [evictLeads(ports, sought, { entry, json: classified.json })] : []),
  ]);
}

/** What the answer tells beside itself: answers to other calls, and that two names are one thing. */
async function storeBeside(ports: StorePorts, { ask }: Sought, { entry, classified }: Kept & { entry: Entry }) {
  const source = { ...classified, call: ask.call };
  const made = ports.derives
    ? derived(source).map((each) => derivedFrom(ports, ask, { source: entry, derived: each }))
    : [];
  const answers = (await Promise.all(made)).filter((answer) => answer !== undefined);
  const { memory } = ports;
  for (const { key, stored } of answers) {
    const kept = memory.get(key.identity);
    if (kept === undefined || kept.entry.fetchedAtMs < entry.fetchedAtMs) memory.put(stored);
  }
  const aliases = aliasesOf(source);
  if (answers.length > 0 || aliases !== undefined)
    await ports.redis.putBeside({ scope: ask.payer.scope, answers, aliases });
}

type FromSource = { readonly source: Entry; readonly derived: Derived };

/** An answer that another one gave: as old as that one, kept by its own windows, and never in the place of a newer one. */
async function derivedFrom(ports: StorePorts, { payer }: Sought["ask"], { source, derived }: FromSource) {
  const { clock, windowOverrides: overrides, staleIfErrorMs } = ports;
  const { call, outcome, json } = derived;
  const { fetchedAtMs } = source;
  const answered = { endpoint: call.endpoint, call, outcome, json, fetchedAtMs, overrides, staleIfErrorMs };
  const windows = windowsFor({ ...answered, expectsLinks: false });
  if (windows === null) return undefined;
  const key = keyOf(ports, { call, payer });
  const body = derived.body ?? source.body;
  const entry = { ...source, ...windows, identity: key.identity, body, etag: await etagOf(body), derived: true };
  return { key, stored: { entry, confirmedAtMs: clock() } };
}
