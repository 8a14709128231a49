import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPostgres } from "../../dev/postgres.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tikedge-postgres-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it("starts over after a creation that was interrupted, and past a process number that is another's by now", async () => {
  const dataDir = join(dir, "data");
  await mkdir(`${dataDir}.new/base`, { recursive: true });
  const first = await startPostgres({ dataDir, durable: false });
  await first.stop();
  await writeFile(join(dataDir, "postmaster.pid"), `${process.pid}\n${dataDir}\n`);
  const second = await startPostgres({ dataDir, durable: false });
  const client = new Client({ connectionString: second.url });
  await client.connect();
  const { rows } = await client.query(
    "SELECT version(), pg_encoding_to_char(encoding) AS encoding, datcollate FROM pg_database",
  );
  expect(rows[0]).toMatchObject({
    version: expect.stringContaining("PostgreSQL 18"),
    encoding: "UTF8",
    datcollate: "C",
  });
  await client.end();
  await second.stop();
});

it("refuses a wrong password, so that a role's rights are as real here as elsewhere", async () => {
  const postgres = await startPostgres({ dataDir: join(dir, "data"), durable: false });
  const url = new URL(postgres.url);
  url.password = "wrong";
  const client = new Client({ connectionString: url.href });
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
  await postgres.stop();
});
