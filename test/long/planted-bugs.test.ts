import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../dev/wrangler.ts";
import type { FaultName } from "../chaos/faults.ts";
import { chaosWith, FAILPOINT_WORKER, useChaos } from "../chaos/use-chaos.ts";
import { buildWorker } from "../support/real-servers.ts";

type Bug = {
  readonly bug: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What brings it to light. */
  readonly faults: readonly FaultName[];
  /** Other plans than everybody's, one after the other until it is found, where its faults meet by chance. */
  readonly seeds?: readonly number[];
  readonly says: RegExp;
};

const bugs: readonly Bug[] = [
  {
    bug: "a reserve that is not idempotent",
    file: "src/adapters/upstash-admission-script.ts",
    from: "owed .. string.sub(ARGV[1], 1, ${RECORD.bits})",
    to: 'owed .. string.rep("-", ${RECORD.bits})',
    faults: ["redis-drop-reply"],
    says: /I1: \d+ reservations were abandoned/,
  },
  {
    bug: "a settle without its guard",
    file: "src/adapters/upstash-ledger-scripts.ts",
    from: 'if redis.call("HDEL", KEYS[1], id) == 0 then return 0 end',
    to: 'redis.call("HDEL", KEYS[1], id)',
    faults: ["redis-drop-reply", "upstream-500"],
    // A settling that gives a credit back has to lose its reply: two runs of three find one.
    seeds: [24, 24, 24, 24],
    says: /I3: the counter of \w+ says/,
  },
  {
    bug: "no sweep of the outbox",
    file: "src/cron/sweep.ts",
    from: "const unrecorded = await ledger.unrecorded(unrecordedMs, AT_ONCE);",
    to: "const unrecorded = (await ledger.unrecorded(unrecordedMs, AT_ONCE)).slice(0, 0);",
    faults: ["queue-refuses"],
    says: /not drained: I2: tkl:outbox/,
  },
  {
    bug: "a rollup that is fed from what was delivered, not from what was inserted",
    file: "src/adapters/neon-usage-ledger.ts",
    from: `SELECT tenant_id, (occurred_at AT TIME ZONE 'UTC')::date, endpoint, count(*), sum(credits_charged), sum(credits_in_doubt),
           coalesce(sum(credits_charged) FILTER (WHERE upstream_key_id NOT LIKE 'platform-%'), 0)
    FROM inserted`,
    to: `SELECT "tenantId", (to_timestamp("occurredAtMs" / 1000.0) AT TIME ZONE 'UTC')::date, endpoint, count(*), sum("creditsCharged"), sum("creditsInDoubt"),
           coalesce(sum("creditsCharged") FILTER (WHERE "upstreamKeyId" NOT LIKE 'platform-%'), 0)
    FROM delivered`,
    faults: ["queue-disorder"],
    says: /I2: the rollup of \w+ is not the group-by/,
  },
  {
    bug: "an acknowledgement before the commit",
    file: "src/queue/record-usage.ts",
    from: "const { good, malformed } = sorted(messages);",
    to: "const { good, malformed } = sorted(messages);\n  for (const message of messages) message.ack();\n  await emptyOutbox(ports, good);",
    faults: ["postgres-down"],
    says: /I1: the upstream took \d+ on/,
  },
  {
    bug: "a missing counter that is read as zero",
    file: "src/adapters/upstash-ledger-scripts.ts",
    from: 'if not daily then return refuse("uncounted") end',
    to: 'if not daily then daily, monthly, found[1] = 0, 0, "active" end',
    faults: ["counters-lost"],
    says: /I3: \w+ spent \d+ of \d+/,
  },
];

/** Short of kills, which would excuse what the bugs do. */
const RUN = { seed: 21, seconds: 8, failpoints: [], drainMs: 15_000 };

describe("without a bug", () => {
  const chaos = useChaos();

  it.each(bugs)("the faults that show $bug break nothing", async ({ faults }) => {
    expect((await chaos({ ...RUN, faults })).violations).toEqual([]);
  });
});

it.each(bugs)("chaos goes red for $bug", async ({ file, from, to, faults, seeds = [RUN.seed], says }) => {
  const copy = await mkdtemp(join(tmpdir(), "tikedge-planted-"));
  try {
    await copyTree(copy);
    await plant(join(copy, file), from, to);
    await buildWorker({ root: copy, entry: FAILPOINT_WORKER, outdir: join(copy, "built") });
    const dir = join(copy, "built");
    const found: string[] = [];
    for (const seed of seeds) {
      const { violations } = await chaosWith({ ...RUN, seed, dir, faults });
      found.push(...violations);
      if (violations.some((violation) => says.test(violation))) break;
    }
    expect(found).toContainEqual(expect.stringMatching(says));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

/** What the build of a Worker reads. */
async function copyTree(copy: string): Promise<void> {
  for (const name of ["src", "dev", "drizzle", "test", "package.json", "tsconfig.json", "wrangler.toml"])
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
}

/** A bug that finds no place proves nothing. */
async function plant(path: string, from: string, to: string): Promise<void> {
  const code = await readFile(path, "utf8");
  if (code.split(from).length !== 2)
    throw new Error(`the bug has not one place in ${path}, but ${code.split(from).length - 1}`);
  await writeFile(
    path,
    code.replace(from, () => to),
  );
}
