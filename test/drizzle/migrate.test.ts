import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { migrate } from "../../drizzle/migrate.ts";
import { lintCatalogue } from "../support/catalogue-lint.ts";

/** An owner as a managed Postgres gives it: neither superuser nor past row-level security. */
const owner = `owner_${randomUUID().replaceAll("-", "")}`;
let superuser: Client;
let url: string;

beforeAll(async () => {
  superuser = new Client({ connectionString: inject("postgresUrl") });
  await superuser.connect();
  await superuser.query(`CREATE ROLE ${owner} LOGIN CREATEROLE PASSWORD 'tests'`);
  await superuser.query(`CREATE DATABASE ${owner} OWNER ${owner}`);
  const ownerUrl = new URL(inject("postgresUrl"));
  Object.assign(ownerUrl, { username: owner, password: "tests", pathname: `/${owner}` });
  url = ownerUrl.href;
});
afterAll(async () => {
  await superuser.query(`DROP DATABASE ${owner} WITH (FORCE)`);
  await superuser.query(`DROP ROLE ${owner}`);
  await superuser.end();
});

const asOwner = <T>(use: (client: Client) => Promise<T>) => connected(url, use);

async function connected<T>(connectionString: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function months(): Promise<string[]> {
  const { rows } = await asOwner((client) =>
    client.query<{ name: string }>(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'app.usage_events'::regclass ORDER BY 1",
    ),
  );
  return rows.map(({ name }) => name);
}

describe("migrate", () => {
  it("brings an empty database up as a plain owner, also when two start at once and when it runs again", async () => {
    await Promise.all([migrate(url), migrate(url)]);
    const first = await months();
    await migrate(url);
    expect(await months()).toEqual(first);
    // Two months back, this one, three years ahead, and the default.
    expect(first).toHaveLength(40);
  });

  it("leaves a catalogue without a finding behind", async () => {
    expect(await asOwner(lintCatalogue)).toEqual([]);
  });

  it("binds the owner too, because FORCE is what makes a leaked owner's URL see no tenant", async () => {
    const { rowCount } = await asOwner((client) => client.query("SELECT FROM app.plans"));
    expect(rowCount).toBe(0);
  });

  it("fills a new column of rows that are there, although FORCE hides them from the owner", async () => {
    const superuserUrl = new URL(inject("postgresUrl"));
    superuserUrl.pathname = `/${owner}`;
    const { rows } = await connected(superuserUrl.href, (client) =>
      client.query("SELECT name, own_key FROM app.plans ORDER BY monthly_price_cents"),
    );
    expect(rows).toEqual([
      { name: "free", own_key: false },
      { name: "pro", own_key: true },
      { name: "enterprise", own_key: true },
    ]);
  });

  it("moves waiting events into a month that is made late, although FORCE hides them from the owner", async () => {
    const superuserUrl = new URL(inject("postgresUrl"));
    superuserUrl.pathname = `/${owner}`;
    const { rows } = await connected(superuserUrl.href, async (client) => {
      await client.query(
        `INSERT INTO app.usage_events SELECT gen_random_uuid(), id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, '', ''
         FROM uuidv7('2024-05-05T00:00:00Z'::timestamptz - now()) AS id`,
      );
      await asOwner((plainOwner) => plainOwner.query("SELECT app.create_usage_month('2024-05-01')"));
      return client.query("SELECT tableoid::regclass::text AS partition FROM app.usage_events");
    });
    expect(rows).toEqual([{ partition: "app.usage_events_2024_05" }]);
    expect(await asOwner(lintCatalogue)).toEqual([]);
  });

  it.each([
    {
      databaseUrl: "postgres://u:hunter2@127.0.0.1:1/x",
      says: /^the database at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
    },
    { databaseUrl: "u:hunter2@127.0.0.1 5432", says: /^the database URL is not one/ },
  ])("says what is wrong, without the password: $says", async ({ databaseUrl, says }) => {
    const failure = await migrate(databaseUrl).catch(String);
    expect(String(failure).replace("Error: ", "")).toMatch(says);
    expect(failure).not.toContain("hunter2");
  });
});
