import { describe, expect, it } from "vitest";
import { settingsRefusal } from "../dev/keep-worker.ts";
import { readConfig } from "../src/env.ts";

const complete = {
  UPSTREAM_URL: "https://api.tikliveapi.com",
  TIKLIVE_KEY: "one, two,",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token-canary",
  DATABASE_URL_RW: "postgresql://app_rw:canary@db.example/t",
  DATABASE_URL_AUTH: "postgresql://app_auth:canary@db.example/t",
  DATABASE_URL_OPS: "postgresql://app_ops:canary@db.example/t",
  KEY_PEPPERS: `1:${Buffer.alloc(32).toString("base64")}`,
  KEY_ENCRYPTION_KEYS: `1:${Buffer.alloc(32).toString("base64")}`,
  ADMIN_TOKEN: "admin-token-canary",
};

const read = (changes: Readonly<Record<string, string | undefined>> = {}) =>
  readConfig({ ...complete, ...changes } as unknown as Env);

describe("the settings", () => {
  it("are read once into a frozen value, with the defaults that the README states", () => {
    const config = read();
    expect(config).toMatchObject({
      REDIS_WAIT_MS: 300,
      KEY_FRESH_MS: 10_000,
      MEMORY_BYTES: 33_554_432,
      CHARGE_NOT_FOUND: true,
    });
    expect(config.TIKLIVE_KEY).toEqual(["one", "two"]);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each([
    { given: undefined, is: undefined },
    { given: "", is: undefined },
    { given: "0199c0de-0000-7000-8000-000000000005", is: "0199c0de-0000-7000-8000-000000000005" },
  ])("take PUBLIC_TENANT $given for $is: without a tenant nobody's credits warm pools", ({ given, is }) => {
    expect(read({ PUBLIC_TENANT: given }).PUBLIC_TENANT).toBe(is);
  });

  it("name everything that is missing at once, so that a deploy is mended in one go", () => {
    const missing = { UPSTASH_REDIS_REST_URL: undefined, ADMIN_TOKEN: undefined };
    expect(() => read(missing)).toThrow(/UPSTASH_REDIS_REST_URL.*ADMIN_TOKEN/);
  });

  it.each([
    { wrong: { LEASE_MS: "1000" }, says: "LEASE_MS is not above LEASE_RENEW_MS" },
    { wrong: { PUBLIC_TENANT: "canary" }, says: "PUBLIC_TENANT is not a tenant's id" },
    { wrong: { REDIS_WAIT_MS: "canary", ADMIN_TOKEN: undefined }, says: "ADMIN_TOKEN is missing" },
    { wrong: { REDIS_WAIT_MS: "canary" }, says: "REDIS_WAIT_MS is not a whole number" },
    { wrong: { UPSTREAM_URL: "canary" }, says: "UPSTREAM_URL is wrong (url)" },
  ])("say of $wrong what is wrong: $says", ({ wrong, says }) => {
    expect(() => read(wrong)).toThrow(says);
    // What the local stack tells when its Worker refuses to start.
    expect(settingsRefusal(`[wrangler:error] Error: settings are missing or wrong: ${says}\n    at boot`)).toBe(
      `settings are missing or wrong: ${says}`,
    );
  });

  it.each([
    { name: "REDIS_WAIT_MS", value: "soon-canary" },
    { name: "UPSTREAM_DEADLINE_MS", value: "20001" },
    { name: "LEDGER_REDIS_REST_URL", value: "https://ledger.example" },
    { name: "LEDGER_REDIS_REST_URL", value: "canary" },
    { name: "UPSTASH_REDIS_REST_URL", value: "rediss://default:canary@redis.example:6379" },
    { name: "LEDGER_REDIS_REST_URL", value: "rediss://default:canary@redis.example:6379" },
    { name: "TIKLIVE_KEY", value: "canary,other,canary" },
    { name: "PLATFORM_KEY_CAPS", value: "200,canary" },
    { name: "PLATFORM_KEY_CAPS", value: "0" },
    { name: "PLATFORM_KEY_CAPS", value: "200,100,50" },
    { name: "PLATFORM_KEY_CAPS", value: "2001" },
    { name: "OWN_KEY_CAP", value: "2001" },
    { name: "CAPACITY_WAIT_MS", value: "10001" },
    { name: "LEASE_MS", value: "1000" },
    { name: "BREAKER_FAILURES", value: "0" },
    { name: "PROBE_POST_URL", value: "https://canary.example/video/1" },
    { name: "MANY_KEYS", value: "0" },
    { name: "RETAIN_USAGE_DAYS", value: "65" },
    { name: "RETAIN_EVENTS_DAYS", value: "31" },
    { name: "LATE_EVENTS_MS", value: "31881600001" },
    { name: "FAILOVER_MS", value: "5001" },
    { name: "OIDC_ISSUER", value: "https://canary.example" },
    { name: "OIDC_CLIENT_ID", value: "canary" },
    { name: "OIDC_TOKEN_URL", value: "http://canary.example/token" },
    { name: "SESSION_MS", value: "0" },
    { name: "SESSION_MOST_MS", value: "canary" },
    { name: "KEY_RETIRE_MS", value: "10000" },
    { name: "MEMORY_BYTES", value: "0" },
    { name: "SETTLE_AGAIN_MS", value: "1,canary" },
    { name: "UPSTREAM_URL", value: "canary" },
    { name: "ADMIN_TOKEN", value: "canary7" },
    { name: "KEY_PEPPERS", value: "canary" },
    { name: "KEY_ENCRYPTION_KEYS", value: "1:canary" },
    { name: "WINDOWS", value: "{canary" },
    { name: "WINDOWS", value: '{"userinfo":{"freshMs":-1,"staleMs":0}}' },
    { name: "WINDOWS", value: '{"canary":{"freshMs":1,"staleMs":0}}' },
    { name: "PUBLIC_TENANT", value: "canary" },
    { name: "WARM_KEYWORDS", value: "canary" },
    { name: "WARM_MIN_HITS", value: "0" },
    { name: "PAGES_PER_ADDRESS", value: "0" },
    { name: "PAGES_COLD_PER_MINUTE", value: "canary" },
    { name: "HOT_FLUSH_MS", value: "25001" },
    { name: "HITS_FLUSH_COUNT", value: "1001" },
    { name: "CHARGE_NOT_FOUND", value: "canary" },
  ])("name $name when it is $value, and never repeat a value", ({ name, value }) => {
    let message = "nothing was refused";
    try {
      read({ [name]: value });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(name);
    expect(message).not.toContain("canary");
  });
});
