import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as runMigrations } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";

const migrationsFolder = join(import.meta.dirname, "migrations");

/** One number for every migrator of a database; any fixed number that nothing else locks will do. */
const migrationLock = 7_305_318_246;

/**
 * Brings the database up to date: what was not applied yet, in one transaction, and the months of usage from two back to three years ahead,
 * for only the owner can make them, and a gateway that needs no deploy is not migrated. Running it again, or twice at once, does no harm.
 * Takes the owner's URL of a direct connection, for a lock on a session does not survive a pooler. Throws an error that names what is wrong
 * and holds no password.
 */
export async function migrate(ownerDatabaseUrl: string): Promise<void> {
  const client = await connect(ownerDatabaseUrl);
  try {
    await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    await runMigrations(drizzle(client), { migrationsFolder });
    await client.query(
      `SELECT app.create_usage_month((now() AT TIME ZONE 'UTC' + months * interval '1 month')::date)
       FROM generate_series(-2, 36) AS months`,
    );
  } catch (error) {
    throw new Error(`the migration failed: ${databaseMessage(error)}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function connect(databaseUrl: string): Promise<Client> {
  // pg repeats a malformed URL, with its password, in its error.
  if (!/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? "")) {
    throw new Error("the database URL is not one: postgres://user:password@host/database");
  }
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`the database at ${new URL(databaseUrl).host} cannot be reached: ${databaseMessage(error)}`, {
      cause: error,
    });
  }
  return client;
}

/** What the database said: drizzle puts its own text, the whole statement, in front, and a refused connection has no text of its own. */
function databaseMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(databaseMessage).join(", ");
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : databaseMessage(error.cause);
}

if (import.meta.main) {
  const databaseUrl = process.env["DATABASE_URL"];
  if (databaseUrl === undefined || databaseUrl === "") {
    process.stderr.write("DATABASE_URL is missing: set it to the owner's URL of a direct connection\n");
    process.exitCode = 1;
  } else {
    await migrate(databaseUrl).then(
      () => process.stdout.write("the database is up to date\n"),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
      },
    );
  }
}
