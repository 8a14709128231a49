import { Unavailable } from "../../src/core/control-ports.ts";
import type { AnswerKey, AnswerStore, Beside, SharedAnswers } from "../../src/core/ports.ts";
import {
  latest,
  NEVER_PURGED,
  type Purge,
  type PurgedAt,
  type Purges,
  type PurgeTarget,
} from "../../src/core/purge.ts";
import { retainedMs } from "../../src/core/windows.ts";
import type { Entry } from "../../src/core/entry.ts";

/** A store of answers in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryAnswerStore(clock: () => number): AnswerStore & { isDown: boolean } {
  const shared = memorySharedAnswers(clock);
  return {
    get isDown() {
      return shared.isDown;
    },
    set isDown(isDown) {
      shared.isDown = isDown;
    },
    get: (key) => shared.get(key, []),
    put: shared.put,
  };
}

/** The same for all colos, with purges. */
export function memorySharedAnswers(clock: () => number): SharedAnswers & Purges & { isDown: boolean } {
  const entries = new Map<string, Entry>();
  const links = new Map<string, string>();
  const marks = new Map<string, PurgedAt>();
  const store = {
    isDown: false,
    async get(key: AnswerKey, views: readonly string[]) {
      if (store.isDown) return { kind: "unavailable" } as const;
      const entry = entries.get(key.identity);
      if (entry === undefined || retainedMs(entry, clock()) <= 0) return { kind: "absent" } as const;
      const names = ["all", `call ${key.identity}`, ...key.subjects];
      const purged = views
        .flatMap((view) => names.map((name) => marks.get(`${view} ${name}`) ?? NEVER_PURGED))
        .reduce(latest, NEVER_PURGED);
      return { kind: "found", stored: { entry, confirmedAtMs: clock() }, purged } as const;
    },
    async put(key: AnswerKey, { entry }: { readonly entry: Entry }) {
      if (!store.isDown) entries.set(key.identity, entry);
    },
    async putBeside({ scope, answers, aliases }: Beside) {
      if (store.isDown) return;
      for (const { key, stored } of answers) {
        const there = entries.get(key.identity);
        if (there === undefined || there.fetchedAtMs < stored.entry.fetchedAtMs)
          entries.set(key.identity, stored.entry);
      }
      if (aliases === undefined) return;
      const [one, other] = aliases;
      links.set(`${scope} ${one}`, other).set(`${scope} ${other}`, one);
    },
    async linked(scope: string, subject: string) {
      if (store.isDown) throw new Unavailable("Redis does not answer");
      return links.get(`${scope} ${subject}`);
    },
    async mark({ view, targets, mode }: Purge) {
      const atMs = clock();
      for (const target of targets) {
        const name = `${view} ${nameOf(target)}`;
        const before = marks.get(name) ?? NEVER_PURGED;
        marks.set(name, mode === "hard" ? { ...before, hardMs: atMs } : { ...before, softMs: atMs });
      }
      return { atMs };
    },
  };
  return store;
}

function nameOf(target: PurgeTarget): string {
  if (target.kind === "call") return `call ${target.identity}`;
  return target.kind === "subject" ? target.subject : "all";
}
