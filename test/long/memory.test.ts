import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { measureMemory } from "../../bench/memory-run.ts";
import { verdict } from "../../bench/memory-verdict.ts";

describe("an isolate under load", () => {
  const ends: (() => Promise<unknown>)[] = [];
  const teardown = { add: (end: () => Promise<unknown>) => void ends.push(end) };

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  }, 60_000);

  it("keeps to its cache's bytes over 12,000 answers, and holds nothing of a request that is over", async () => {
    const dir = await mkdtemp(join(tmpdir(), "tikedge-memory-"));
    teardown.add(() => rm(dir, { recursive: true, force: true }));
    const { signal } = new AbortController();
    const say = (): void => undefined;
    const asked = { keys: 12_000, seconds: 90, perSecond: 300, core: undefined };
    const found = await measureMemory({ ...asked, dir, teardown, signal, say });
    expect(verdict(found)).toEqual([]);
    expect(found.ways).toEqual({ "200 tikedge; hit; ttl=N; detail=redis": 12_000 });
  });
});
