import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { joseIdentityTokens } from "../../src/adapters/jose-identity-tokens.ts";
import { AUDIENCE, startIssuer } from "../support/issuer.ts";
import { silentLog } from "../support/silent-log.ts";

const REST_MS = 30_000;
const HOUR_SECONDS = 3_600;

describe("tokens of the identity provider", () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let nowMs = 0;
  beforeAll(async () => void (issuer = await startIssuer()));
  afterAll(() => issuer.close());
  beforeEach(() => {
    nowMs = Date.now();
    issuer.answerWith(200);
  });

  const tokens = () =>
    joseIdentityTokens(
      {
        issuer: issuer.issuer,
        audience: AUDIENCE,
        jwksUrl: issuer.jwksUrl,
        timeoutMs: 5_000,
        restMs: REST_MS,
        clock: () => nowMs,
      },
      silentLog,
    );
  const nowSeconds = () => Math.floor(nowMs / 1_000);

  it("are verified by the issuer's published keys, and say who the person is", async () => {
    const verified = await tokens().verify(await issuer.sign({ sub: "auth0|ann" }));
    expect(verified).toEqual({ kind: "verified", issuer: issuer.issuer, subject: "auth0|ann" });
  });

  it.each([
    { wrong: "another issuer", claims: { sub: "ann", iss: "https://elsewhere.example" } },
    { wrong: "another audience", claims: { sub: "ann", aud: "another-api" } },
    { wrong: "no audience", claims: { sub: "ann", aud: undefined } },
    { wrong: "no subject", claims: {} },
    { wrong: "a subject with a line break", claims: { sub: "ann\nbob" } },
    { wrong: "no end", claims: { sub: "ann", exp: undefined } },
    { wrong: "an end in the past", claims: () => ({ sub: "ann", exp: nowSeconds() - HOUR_SECONDS }) },
    { wrong: "a beginning in the future", claims: () => ({ sub: "ann", nbf: nowSeconds() + HOUR_SECONDS }) },
  ])("with $wrong are refused", async ({ claims }) => {
    const token = await issuer.sign((typeof claims === "function" ? claims() : claims) as Record<string, string>);
    expect(await tokens().verify(token)).toEqual({ kind: "refused" });
  });

  it("that are signed by nobody, or with a secret that is the public key, are refused", async () => {
    const claims = { sub: "ann", iss: issuer.issuer, aud: AUDIENCE };
    const unsigned = new UnsecuredJWT(claims).setExpirationTime("1h").encode();
    expect(await tokens().verify(unsigned)).toEqual({ kind: "refused" });
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: "first" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode("the text of a public key, which everybody has"));
    expect(await tokens().verify(shared)).toEqual({ kind: "refused" });
  });

  it("whose key another one hides behind are refused: the name of a key is no proof", async () => {
    const forger = await issuer.newSigner("first");
    expect(await tokens().verify(await issuer.sign({ sub: "ann" }, forger))).toEqual({ kind: "refused" });
  });

  it("of a new key are verified as soon as it is published, because keys rotate", async () => {
    const verifier = tokens();
    const [old, next] = [await issuer.newSigner("old"), await issuer.newSigner("next", "RS256")];
    issuer.publish(old);
    expect((await verifier.verify(await issuer.sign({ sub: "ann" }, old))).kind).toBe("verified");
    issuer.publish(old, next);
    const token = await issuer.sign({ sub: "ann" }, next);
    expect((await verifier.verify(token)).kind, "the issuer was asked a moment ago").toBe("refused");
    nowMs += REST_MS;
    expect((await verifier.verify(token)).kind).toBe("verified");
  });

  it("with made-up key ids cost the issuer one reading, not one each", async () => {
    const verifier = tokens();
    const before = issuer.reads();
    for (let at = 0; at < 20; at += 1) {
      const stranger = await issuer.newSigner(`made-up-${at}`);
      expect(await verifier.verify(await issuer.sign({ sub: "ann" }, stranger))).toEqual({ kind: "refused" });
    }
    expect(issuer.reads() - before).toBe(1);
  });

  it("cannot be checked while the keys were never read, and are checked by the kept ones when they were", async () => {
    const known = await issuer.newSigner("known");
    issuer.publish(known);
    const token = await issuer.sign({ sub: "ann", exp: nowSeconds() + 10 * HOUR_SECONDS }, known);
    const verifier = tokens();
    await verifier.verify(token);
    issuer.answerWith(500);
    expect(await tokens().verify(token)).toEqual({ kind: "unavailable" });
    nowMs += HOUR_SECONDS * 1_000;
    expect((await verifier.verify(token)).kind).toBe("verified");
  });
});
