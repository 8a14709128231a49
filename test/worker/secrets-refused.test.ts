import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { madeUpKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { boughtKey, newOwner, useSecrets } from "../support/use-secrets.ts";

const EVENTS = ["upstream_key.invalid"];

describe("a refusal repeats no secret", () => {
  const using = useSecrets();

  it("that was a wrong credential, however it was presented", async () => {
    const { stack, gateway, issuer } = using();
    const { apiKey, id } = await newOwner(using());
    const token = stack.settings["ADMIN_TOKEN"] ?? "";
    const wrong = [
      `${apiKey.slice(0, -1)}${apiKey.endsWith("a") ? "b" : "a"}`,
      madeUpKey(parseApiKey(apiKey)?.keyId),
      madeUpKey(),
      randomBytes(16).toString("hex"),
      `${token}x`,
      await issuer.sign({ sub: "somebody", aud: "others" }),
      await issuer.sign({ sub: "somebody" }, await issuer.newSigner("first")),
    ];
    for (const credential of wrong) {
      expect((await control(gateway, credential).get("/v1/tenant", { tenant: id })).status).toBe(401);
      const [asKey, asBearer] = [{ "x-api-key": credential }, { authorization: `Bearer ${credential}` }];
      for (const headers of [asKey, asBearer, { ...asKey, ...asBearer }, { authorization: `Basic ${credential}` }])
        expect((await gateway.get("/userid/?username=tiktok", { headers })).status).toBe(401);
    }
  });

  it("that is a good credential in the wrong hands, or cannot be checked", async () => {
    const { stack, gateway, issuer } = using();
    const { apiKey, id: tenant } = await newOwner(using());
    const status = async (credential: string) =>
      (await control(gateway, credential).get("/v1/tenant", { tenant })).status;
    expect(await status(apiKey), "a key names no tenant").toBe(400);
    expect(await status(await issuer.sign({ sub: "stranger" }))).toBe(404);
    const token = stack.settings["ADMIN_TOKEN"] ?? "";
    expect((await gateway.get("/userid/?username=tiktok", { key: token })).status).toBe(401);
    issuer.answerWith(500);
    expect(await status(await issuer.sign({ sub: "somebody" }, await issuer.newSigner("unknown")))).toBe(401);
    issuer.answerWith(200);
  });

  /** One of each kind, all of them good where they belong. */
  const misplaced = async (apiKey: string) => {
    const { stack } = using();
    const secrets = [await boughtKey(using()), apiKey, stack.settings["ADMIN_TOKEN"] ?? ""];
    for (const secret of secrets) stack.seen.secret("a secret in the wrong place", secret);
    return secrets;
  };

  it("that was in the wrong place of a change", async () => {
    const { api, apiKey } = await newOwner(using());
    for (const secret of await misplaced(apiKey)) {
      const bodies = [
        { token: secret },
        { [secret]: secret },
        { key: [secret] },
        { key: { [secret]: secret } },
        { key: `${secret} ` },
        { key: secret.repeat(9) },
        `{"key":"${secret}"`,
        `"${secret}"`,
      ];
      for (const body of bodies) expect((await api.put("/v1/upstream-key", { body })).status).toBe(400);
      const long = { key: secret, more: "x".repeat(16_384) };
      expect((await api.put("/v1/upstream-key", { body: long })).status).toBe(413);
      const headers = { "content-type": `text/${secret}` };
      expect((await api.put("/v1/upstream-key", { body: { key: secret }, headers })).status).toBe(415);
    }
  });

  it("that was given as a right, a time, a target or a tenant", async () => {
    const { operator } = using();
    const { api, apiKey } = await newOwner(using());
    for (const secret of await misplaced(apiKey)) {
      const answers = [
        await api.post("/v1/keys", { body: { permissions: [secret], endpoints: [secret], expires_at: secret } }),
        await api.post("/v1/keys", { body: { kind: secret } }),
        await api.post("/v1/webhooks", { body: { url: `https://${secret}@example.com/`, events: [secret] } }),
        await api.post("/v1/webhooks", { body: { url: `https://example.com/#${secret}`, events: EVENTS } }),
        await operator.get("/v1/tenant", { tenant: secret }),
      ];
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    }
  });

  it("that was in a path or a query", async () => {
    const { gateway } = using();
    const { api, apiKey: key } = await newOwner(using());
    for (const secret of await misplaced(key)) {
      const ofControl = [secret, `upstream-key/${secret}`, `keys/${secret}`, `webhooks/${secret}`];
      const asked = [`keys?cursor=${secret}`, `keys?${secret}`, `keys?limit=${secret}`, `keys?limit=1&limit=${secret}`];
      for (const path of [...ofControl, ...asked])
        expect([400, 404], path).toContain((await api.get(`/v1/${path}`)).status);
      const ofData = [`${secret}/`, `userid/${secret}`, `userid/?username=a&key=${secret}`, `userid/?${secret}=1`];
      const broken = [`userid/?username=${secret}%20`, `userid/?%zz${secret}`, `user-posts/?userid=${secret}`];
      for (const path of [...ofData, ...broken])
        expect([400, 404], path).toContain((await gateway.get(`/${path}`, { key })).status);
    }
  });

  it("that was in a header, where an idempotency key is even stored", async () => {
    const { gateway } = using();
    const { api, apiKey: key } = await newOwner(using());
    for (const secret of await misplaced(key)) {
      const headers = {
        "user-agent": secret,
        cookie: `session=${secret}`,
        origin: `https://${secret}`,
        "x-request-id": secret,
        traceparent: secret,
        "if-none-match": `"${secret}"`,
        "idempotency-key": secret,
      };
      expect((await gateway.get("/userid/?username=strange", { key, headers })).status).toBe(200);
      expect((await api.post("/v1/keys", { body: { name: "one" }, headers })).status).toBe(201);
      expect((await api.post("/v1/keys", { body: { name: "two" }, headers })).status).toBe(422);
    }
  });
});
