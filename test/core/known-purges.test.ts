import { describe, expect, it } from "vitest";
import { answerKey } from "../../src/core/answer-key.ts";
import { callOf } from "../../src/core/parameters.ts";
import { knownPurges } from "../../src/core/known-purges.ts";
import { NEVER_PURGED, type PurgeTarget } from "../../src/core/purge.ts";

const POOL = "pool:default";
const posts = keyOf("/user-posts/?userid=1");

function keyOf(path: string, scope = POOL) {
  const call = callOf(path);
  if (call === undefined) throw new Error(`${path} is no call`);
  return answerKey({ call, scope, tier: "download", namespaceVersion: "1" });
}

const call: PurgeTarget = { kind: "call", identity: posts.identity, digest: "" };
const user: PurgeTarget = { kind: "subject", subject: "user:1" };
const everything: PurgeTarget = { kind: "everything" };

describe("what an isolate knows of purges", () => {
  it.each([
    { targets: [call], of: posts, hardMs: 5, because: "it is the very call" },
    { targets: [user], of: posts, hardMs: 5, because: "it asks about the subject" },
    { targets: [everything], of: posts, hardMs: 5, because: "nothing is left" },
    { targets: [everything], of: keyOf("/region-list/"), hardMs: 5, because: "an answer about nobody counts too" },
    { targets: [call], of: keyOf("/user-liked/?userid=1"), hardMs: 0, because: "it is another call" },
    { targets: [user], of: keyOf("/user-posts/?userid=2"), hardMs: 0, because: "it asks about another" },
    {
      targets: [user, everything],
      of: keyOf("/user-posts/?userid=1", "pool:eu"),
      hardMs: 0,
      because: "it is another scope's",
    },
    {
      targets: [call],
      of: keyOf("/user-posts/?userid=1", "pool:eu"),
      hardMs: 0,
      because: "a call is one of its scope",
    },
    {
      targets: [{ kind: "subject", subject: "user:11" }],
      of: posts,
      hardMs: 0,
      because: "an id is no beginning of another",
    },
  ] as const)("$of.identity after $targets: $because", ({ targets, of, hardMs }) => {
    const known = knownPurges(10);
    known.note({ scope: POOL, targets, mode: "hard", atMs: 5 });
    expect(known.purgedAt(of)).toEqual({ hardMs, softMs: 0 });
  });

  it("is nothing while nothing was told", () => {
    expect(knownPurges(10).purgedAt(posts)).toBe(NEVER_PURGED);
  });

  it("is the latest of each mode, in whatever order it was told", () => {
    const known = knownPurges(10);
    known.note({ scope: POOL, targets: [call], mode: "hard", atMs: 7 });
    known.note({ scope: POOL, targets: [call], mode: "hard", atMs: 3 });
    known.note({ scope: POOL, targets: [user], mode: "hard", atMs: 5 });
    known.note({ scope: POOL, targets: [everything], mode: "soft", atMs: 9 });
    expect(known.purgedAt(posts)).toEqual({ hardMs: 7, softMs: 9 });
  });

  const about = (userid: number): PurgeTarget => ({ kind: "subject", subject: `user:${userid}` });

  it("counts a purge that was forgotten against all of its scope: nothing purged is served for want of memory", () => {
    const known = knownPurges(2);
    known.note({ scope: POOL, targets: [user], mode: "hard", atMs: 5 });
    known.note({ scope: POOL, targets: [about(2)], mode: "soft", atMs: 6 });
    known.note({ scope: POOL, targets: [about(3)], mode: "hard", atMs: 7 });
    expect(known.purgedAt(posts)).toEqual({ hardMs: 5, softMs: 6 });
    expect(known.purgedAt(keyOf("/region-list/"))).toEqual({ hardMs: 5, softMs: 6 });
    expect(known.purgedAt(keyOf("/user-posts/?userid=3"))).toEqual({ hardMs: 7, softMs: 6 });
  });

  it("takes no copies from others where one tenant purges without end", () => {
    const known = knownPurges(10);
    for (let userid = 1; userid <= 100; userid += 1)
      known.note({ scope: "tenant:one", targets: [about(userid)], mode: "hard", atMs: userid });
    expect(known.purgedAt(posts)).toEqual(NEVER_PURGED);
    expect(known.purgedAt(keyOf("/user-posts/?userid=1", "tenant:two"))).toEqual(NEVER_PURGED);
    expect(known.purgedAt(keyOf("/region-list/", "tenant:one"))).toEqual({ hardMs: 91, softMs: 0 });
    expect(known.purgedAt(keyOf("/user-posts/?userid=100", "tenant:one"))).toEqual({ hardMs: 100, softMs: 0 });
  });

  it("counts what was forgotten against everything when more scopes were purged than it keeps", () => {
    const known = knownPurges(2);
    for (const [at, scope] of ["tenant:one", "tenant:two", "tenant:three"].entries())
      known.note({ scope, targets: [user], mode: "hard", atMs: 5 + at });
    expect(known.purgedAt(posts)).toEqual({ hardMs: 5, softMs: 0 });
    expect(known.purgedAt(keyOf("/user-posts/?userid=1", "tenant:three"))).toEqual({ hardMs: 7, softMs: 0 });
  });

  it("forgets the one first that was not told of for the longest", () => {
    const known = knownPurges(2);
    known.note({ scope: POOL, targets: [user], mode: "hard", atMs: 5 });
    known.note({ scope: POOL, targets: [call], mode: "hard", atMs: 4 });
    known.note({ scope: POOL, targets: [user], mode: "hard", atMs: 6 });
    known.note({ scope: POOL, targets: [{ kind: "subject", subject: "user:3" }], mode: "hard", atMs: 7 });
    // Then the scope stands for what was forgotten of it, and is the youngest.
    expect(known.purgedAt(keyOf("/region-list/"))).toEqual({ hardMs: 6, softMs: 0 });
    expect(known.purgedAt(posts)).toEqual({ hardMs: 6, softMs: 0 });
  });
});
