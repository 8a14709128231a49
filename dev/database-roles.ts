import { Client, escapeIdentifier, escapeLiteral } from "pg";

const roles = { rw: "app_rw", auth: "app_auth", ops: "app_ops" } as const;

/** The URL of one database for each of the Worker's roles. */
export type RoleUrls = Readonly<Record<keyof typeof roles, string>>;

/** Gives the three roles a password, which migrations never hold, and says where each connects. Takes a superuser's URL. */
export async function openRoles(databaseUrl: string, password: string): Promise<RoleUrls> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("BEGIN");
    // Roles belong to the whole server: two databases seeded at once would fail with "tuple concurrently updated".
    await client.query("LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE");
    for (const role of Object.values(roles)) {
      await client.query(`ALTER ROLE ${escapeIdentifier(role)} PASSWORD ${escapeLiteral(password)}`);
    }
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
  const urlOf = (role: string) => {
    const url = new URL(databaseUrl);
    url.username = role;
    url.password = encodeURIComponent(password);
    return url.href;
  };
  return { rw: urlOf(roles.rw), auth: urlOf(roles.auth), ops: urlOf(roles.ops) };
}
