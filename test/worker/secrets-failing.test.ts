import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { problems } from "../../src/core/problem.ts";
import { books } from "../support/books.ts";
import { storeByoTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway } from "../support/gateway.ts";
import { expectNoSecrets } from "../support/no-secrets.ts";
import { boughtKey, newOwner, useSecrets } from "../support/use-secrets.ts";

const EVENTS = ["upstream_key.invalid"];

describe("no secret leaves", () => {
  const using = useSecrets();

  const setFault = async (part: "Postgres" | "Redis", fault?: object) => {
    const { stack } = using();
    const [url, headers] =
      part === "Postgres" ? [stack.neon.url, {}] : [stack.upstash.url, { authorization: `Bearer ${stack.redisToken}` }];
    const init = fault === undefined ? { method: "DELETE" } : { method: "POST", body: JSON.stringify(fault) };
    expect((await fetch(new URL("/__faults", url), { ...init, headers })).status).toBe(200);
  };

  it.each([
    { part: "Postgres", kind: "status" },
    { part: "Postgres", kind: "down" },
    { part: "Postgres", kind: "drop-reply" },
    { part: "Redis", kind: "status" },
    { part: "Redis", kind: "down" },
    { part: "Redis", kind: "drop-reply" },
  ] as const)("while $part fails, by $kind", async ({ part, kind }) => {
    const { stack, gateway, operator, issuer, receiver } = using();
    const { id, api, ask, bring } = await newOwner(using());
    expect((await bring(await boughtKey(using()))).status).toBe(200);
    await setFault(part, { kind, status: 500, times: null });
    const answers = [
      await api.post("/v1/keys", { body: { name: "one" } }),
      await bring(await boughtKey(using())),
      await api.post("/v1/webhooks", { body: { url: `${receiver.url}/all`, events: EVENTS } }),
      await operator.post("/v1/wrapping-key/rotate"),
      await control(gateway, await issuer.sign({ sub: "somebody" })).get("/v1/tenant", { tenant: id }),
      await ask(),
    ];
    await expectNoSecrets(stack);
    await setFault(part);
    expect(
      answers.map(({ status }) => status),
      "it was felt",
    ).toContain(503);
    await eventually(async () => expect((await ask()).status).toBe(200));
  });

  /** Past the reference, which does not describe bugs. */
  const raw = (method: string, path: string, credential: string, body: Readonly<Record<string, unknown>>) => {
    const { stack, gateway } = using();
    stack.seen.pasted(body);
    const headers = { authorization: `Bearer ${credential}`, "content-type": "application/json" };
    return gateway.get(path, { method, headers, body: JSON.stringify(body) });
  };

  it("in a failure that nobody foresaw: the answer is a bare 500", async () => {
    const { stack, gateway, receiver } = using();
    const { apiKey } = await newOwner(using());
    const { query } = books(stack.database.url);
    await query("ALTER TABLE app.audit_log RENAME TO audit_log_gone", []);
    const answers = [
      await raw("POST", "/v1/keys", apiKey, { name: "one" }),
      await raw("PUT", "/v1/upstream-key", apiKey, { key: await boughtKey(using()) }),
      await raw("POST", "/v1/webhooks", apiKey, { url: `${receiver.url}/500`, events: EVENTS }),
      await raw("POST", "/v1/wrapping-key/rotate", stack.settings["ADMIN_TOKEN"] ?? "", {}),
    ];
    await query("ALTER TABLE app.audit_log_gone RENAME TO audit_log", []);
    for (const answer of answers) {
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ detail: problems.internal().detail });
    }
    expect(gateway.logs().join()).toContain('"unhandled"');
  });

  it("with what cannot be read: a record of another type, a sealed key that does not open", async () => {
    const { stack, gateway } = using();
    const clear = await boughtKey(using());
    const { id, apiKey: key } = await storeByoTenant(stack, { clear, status: "active" });
    await books(stack.database.url).query("UPDATE app.upstream_keys SET iv = 'x' WHERE tenant_id = $1", [id]);
    const redis = new Redis(stack.redis.url);
    await redis.lpush(`tkk:${parseApiKey(key)?.keyId}`, "no record");
    redis.disconnect();
    expect((await gateway.get("/userid/?username=unopened", { key })).status).toBe(503);
    expect(gateway.logs().join()).toContain("key-records-get-failed");
  });

  it.each([
    { DATABASE_URL_RW: "mysql://app:password-of-another@db.example/t" },
    { UPSTASH_REDIS_REST_URL: "rediss://default:password-of-another@redis.example:6379" },
    { KEY_PEPPERS: "1:password-of-another" },
    { KEY_ENCRYPTION_KEYS: "password-of-another" },
    { TIKLIVE_KEY: "password-of-another,password-of-another" },
  ])("at boot, because of %o", async (settings) => {
    const { stack } = using();
    stack.seen.secret("a malformed setting", "password-of-another");
    const broken = await startGateway(stack, settings);
    try {
      const answer = await broken.get("/livez");
      // The local runtime shows the message of a failure, which the platform would log.
      const said: unknown = expect.stringMatching(/settings are missing|is not one/);
      expect([answer.status, await answer.text()]).toEqual([500, said]);
    } finally {
      await broken.close();
    }
  });
});
