import type { Call } from "../core/catalogue.ts";
import type { ChangeLog } from "../core/control-ports.ts";
import { saysAbsent } from "../core/derive.ts";
import type { Entry } from "../core/entry.ts";
import type { AnswerKey, Log, SharedAnswers } from "../core/ports.ts";
import { purgeOf, type PurgeTarget } from "../core/purge.ts";
import { asking } from "../core/twins.ts";
import type { Sought } from "./look-up.ts";
import { keyOf } from "./payer.ts";
import { callTarget, purge, type PurgePorts } from "./purge.ts";

export type EvictPorts = PurgePorts & {
  readonly redis: SharedAnswers;
  readonly changes: ChangeLog;
  readonly namespaceVersion: string;
  readonly log: Log;
};

type Missing = { readonly entry: Entry; readonly json: unknown };

/**
 * When there is nothing under an id, what told people this id is wrong by now: the answer that gave it for a name, and what was derived of
 * the thing while it was there. Both are purged in the scope. Fails open: what is left is right again when its window ends.
 */
export async function evictLeads(ports: EvictPorts, { key, ask }: Sought, { entry, json }: Missing): Promise<void> {
  if (!saysAbsent(json)) return;
  const { redis, changes, log } = ports;
  const { scope } = ask.payer;
  try {
    for (const subject of key.subjects) {
      const name = ID.test(subject) ? await redis.linked(scope, subject) : undefined;
      const calls = name === undefined ? [] : leadsOf(subject, name);
      const keys = calls.map((call) => keyOf(ports, { call, payer: ask.payer }));
      const others = keys.filter(({ identity }) => identity !== key.identity);
      const targets = (await Promise.all(others.map((lead) => misleading(redis, lead, entry)))).flat();
      if (targets.length === 0) continue;
      const { change } = await purge(ports, { scope, tenantId: null, targets, mode: "hard" });
      await changes.publish([change]);
    }
  } catch (error) {
    log.error("leads-not-evicted", { error, endpoint: key.endpoint });
  }
}

const ID = /^(?:user|challenge):\d+$/;

/** The calls whose answers a name and an id of one thing can have come from. */
function leadsOf(subject: string, name: string): readonly Call[] {
  const id = subject.slice(subject.indexOf(":") + 1);
  const [, handle] = /^user:@(.+)$/s.exec(name) ?? [];
  const [, hashtag] = /^challenge:#(.+)$/s.exec(name) ?? [];
  const calls = [
    ...(handle === undefined ? [] : [asking("/userid/", handle), asking("/userinfo-by-username/", handle)]),
    ...(handle === undefined ? [] : [asking("/userinfo-by-id/", id)]),
    ...(hashtag === undefined ? [] : [asking("/challenge-info-name/", hashtag), asking("/challenge-info-id/", id)]),
  ];
  return calls.filter((call) => call !== undefined);
}

/** What the upstream said of the thing itself stands, however old; and what is newer than the loss knows of it. */
async function misleading(redis: SharedAnswers, key: AnswerKey, missing: Entry): Promise<readonly PurgeTarget[]> {
  const reply = await redis.get(key, [key.scope]);
  if (reply.kind !== "found" || purgeOf(reply.stored.entry, reply.purged) === "hard") return [];
  const { kind, derived, reservedAtMs } = reply.stored.entry;
  const isLead = kind === "answer" && (derived || key.endpoint === "/userid/");
  return isLead && reservedAtMs < missing.reservedAtMs ? [await callTarget(key)] : [];
}
