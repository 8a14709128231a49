import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const migrations = join(root, "drizzle/migrations");

let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "tikedge-migrations-"));
  await cp(migrations, copy, { recursive: true });
});
afterAll(() => rm(copy, { recursive: true }));

it("generates nothing, because schema.ts and the migrations say the same", async () => {
  const kit = join(root, "node_modules/drizzle-kit/bin.cjs");
  const flags = ["--dialect", "postgresql", "--schema", "drizzle/schema.ts", "--out", relative(root, copy)];
  const { stdout } = await promisify(execFile)(process.execPath, [kit, "generate", ...flags], { cwd: root });
  expect(stdout).toContain("No schema changes");
  expect(await readdir(copy)).toEqual(await readdir(migrations));
});

it("lists the migrations in the order of their times, because the migrator skips one that is older than the last applied", async () => {
  const journal: unknown = JSON.parse(await readFile(join(migrations, "meta/_journal.json"), "utf8"));
  const times = [...JSON.stringify(journal).matchAll(/"when":(\d+)/g)].map(([, when]) => Number(when));
  expect(times.length).toBeGreaterThan(1);
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
});
