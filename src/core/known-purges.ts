import type { AnswerKey } from "./ports.ts";
import { latest, NEVER_PURGED, type PurgedAt, type PurgeMode, type PurgeTarget } from "./purge.ts";

/** A purge that the log of changes told of: it holds for everybody who reads the scope. `atMs` is by the ledger's clock. */
type ToldPurge = {
  readonly scope: string;
  readonly targets: readonly PurgeTarget[];
  readonly mode: PurgeMode;
  readonly atMs: number;
};

type Asked = Pick<AnswerKey, "identity" | "scope" | "subjects">;

export type KnownPurges = {
  note(purge: ToldPurge): void;
  /** When this answer was last purged, as far as is known. Next to nothing while nothing was: every hit asks. */
  purgedAt(key: Asked): PurgedAt;
};

type Mark = { readonly scope: string; readonly purged: PurgedAt };

/**
 * What an isolate knows of purges. Keeps `most` of them; one that is forgotten counts from then on against every answer of its scope, so that
 * forgetting costs a question to Redis and serves nothing that was purged, and a tenant that purges without end loses no copies but its own.
 * Of more scopes than that the oldest count against all. What it never heard of, because the log was lost or not read, it does not hold
 * against a copy: how long copies are trusted bounds that.
 */
export function knownPurges(most: number): KnownPurges {
  const marks = new Map<string, Mark>();
  let forgotten = NEVER_PURGED;
  const add = (name: string, { scope, purged }: Mark) => {
    const known = marks.get(name)?.purged ?? NEVER_PURGED;
    marks.delete(name);
    marks.set(name, { scope, purged: latest(known, purged) });
  };
  const forgetOldest = () => {
    const [oldest] = marks;
    if (oldest === undefined) return;
    const [name, mark] = oldest;
    marks.delete(name);
    if (name === mark.scope) forgotten = latest(forgotten, mark.purged);
    else add(mark.scope, mark);
  };
  return {
    note({ scope, targets, mode, atMs }) {
      const told = mode === "hard" ? { hardMs: atMs, softMs: 0 } : { hardMs: 0, softMs: atMs };
      for (const target of targets) {
        add(nameOf(scope, target), { scope, purged: told });
        while (marks.size > most) forgetOldest();
      }
    },
    purgedAt({ identity, scope, subjects }) {
      if (marks.size === 0) return forgotten;
      const names = [identity, scope, ...subjects.map((subject) => ofSubject(scope, subject))];
      return names.map((name) => marks.get(name)?.purged ?? NEVER_PURGED).reduce(latest, forgotten);
    },
  };
}

/** An identity has its scope in it. */
function nameOf(scope: string, target: PurgeTarget): string {
  switch (target.kind) {
    case "call":
      return target.identity;
    case "subject":
      return ofSubject(scope, target.subject);
    case "everything":
      return scope;
    default:
      return target satisfies never;
  }
}

function ofSubject(scope: string, subject: string): string {
  return `${scope} ${subject}`;
}
