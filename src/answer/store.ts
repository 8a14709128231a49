import { etagOf } from "../core/conditional.ts";
import type { Call } from "../core/catalogue.ts";
import type { Classified } from "../core/classify.ts";
import type { Entry } from "../core/entry.ts";
import type { AnswerKey, AnswerMemory, AnswerStore, UpstreamReply } from "../core/ports.ts";
import { subjectsOf } from "../core/subjects.ts";
import { windowsFor, type WindowOverrides } from "../core/windows.ts";

export type StorePorts = {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly redis: AnswerStore;
  readonly windowOverrides: WindowOverrides;
  readonly clock: () => number;
};

type Arrived = {
  readonly key: AnswerKey;
  readonly call: Call;
  readonly reply: UpstreamReply;
  readonly classified: Classified;
  readonly expectsLinks: boolean;
};

/** The entry that a reply makes, or null when it must not be kept: errors are never cached as answers. */
export async function entryOf(
  { windowOverrides }: StorePorts,
  { key, call, reply, classified, expectsLinks }: Arrived,
): Promise<Entry | null> {
  const { outcome, text, json } = classified;
  if (reply.kind === "failed" || text === null) return null;
  const fetchedAtMs = reply.answeredAtMs;
  const answered = { endpoint: call.endpoint, call, outcome, json, fetchedAtMs, expectsLinks };
  const windows = windowsFor({ ...answered, overrides: windowOverrides });
  if (windows === null) return null;
  return {
    identity: key.identity,
    status: reply.status,
    contentType: reply.contentType,
    body: text,
    etag: await etagOf(text),
    fetchedAtMs,
    subjects: subjectsOf(call),
    ...windows,
  };
}

/** Keeps an entry in every tier, the isolate's first. A tier that refuses has logged it; the next request pays again at the worst. */
export async function store(
  { memory, colo, redis, clock }: StorePorts,
  key: AnswerKey,
  entry: Entry | null,
): Promise<void> {
  if (entry === null) return;
  const stored = { entry, confirmedAtMs: clock() };
  memory.put(stored);
  await Promise.all([colo.put(key, stored), redis.put(key, stored)]);
}
