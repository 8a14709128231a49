import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { joseIdentityTokens } from "../../src/adapters/jose-identity-tokens.ts";
import { AUDIENCE, MOVED, startIssuer } from "../support/issuer.ts";
import { silentLog } from "../support/silent-log.ts";

const REST_MS = 30_000;
const HOUR_SECONDS = 3_600;
const MINUTE_MS = 60_000;

describe("tokens of the identity provider", () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let nowMs = 0;
  beforeAll(async () => void (issuer = await startIssuer()));
  afterAll(() => issuer.close());
  beforeEach(() => {
    nowMs = Date.now();
    issuer.answerWith(200);
    issuer.publish(issuer.first);
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

  it("of a key that the issuer took back are refused ten minutes later, because that is how it ends a stolen one", async () => {
    const verifier = tokens();
    const [stolen, next] = [await issuer.newSigner("stolen"), await issuer.newSigner("next")];
    issuer.publish(stolen);
    const token = await issuer.sign({ sub: "ann", exp: nowSeconds() + HOUR_SECONDS }, stolen);
    expect((await verifier.verify(token)).kind).toBe("verified");
    issuer.publish(next);
    nowMs += 9 * MINUTE_MS;
    expect((await verifier.verify(token)).kind, "keys are kept").toBe("verified");
    nowMs += MINUTE_MS;
    expect((await verifier.verify(token)).kind).toBe("refused");
  });

  it.each([
    { late: 4, is: "verified", because: "clocks differ a little" },
    { late: 6, is: "refused", because: "it has ended" },
  ])("that ended $late s ago are $is: $because", async ({ late, is }) => {
    const token = await issuer.sign({ sub: "ann", exp: nowSeconds() - late });
    expect((await tokens().verify(token)).kind).toBe(is);
  });

  it("end by the clock that is given: two clocks would disagree", async () => {
    const token = await issuer.sign({ sub: "ann", exp: nowSeconds() + 60 });
    nowMs += 2 * MINUTE_MS;
    expect((await tokens().verify(token)).kind).toBe("refused");
  });

  it("that are longer than any token are refused before a key is looked for", async () => {
    const before = issuer.reads();
    const token = await issuer.sign({ sub: "ann", padding: "x".repeat(8_192) });
    expect(await tokens().verify(token)).toEqual({ kind: "refused" });
    expect(issuer.reads()).toBe(before);
  });

  it.each([
    { status: 302, headers: { location: MOVED }, because: "whoever could redirect us could sign for anybody" },
    { status: 500, because: "what a failure says is no list of keys" },
    { status: 200, besides: { padding: "x".repeat(65_536) }, because: "it would fill the isolate" },
  ])("cannot be checked by keys that come with $status: $because", async ({ status, ...rest }) => {
    const token = await issuer.sign({ sub: "ann" });
    issuer.answerWith(status, rest);
    expect(await tokens().verify(token)).toEqual({ kind: "unavailable" });
  });

  it("are not waited for anew by each while the issuer does not answer", async () => {
    const verifier = tokens();
    issuer.answerWith(500);
    const [token, before] = [await issuer.sign({ sub: "ann" }), issuer.reads()];
    for (let at = 0; at < 5; at += 1) expect((await verifier.verify(token)).kind).toBe("unavailable");
    expect(issuer.reads() - before).toBe(1);
  });

  it("are checked by the kept keys for a day of silence and no longer", async () => {
    const known = await issuer.newSigner("known");
    issuer.publish(known);
    const verifier = tokens();
    const token = await issuer.sign({ sub: "ann", exp: nowSeconds() + 48 * HOUR_SECONDS }, known);
    await verifier.verify(token);
    issuer.answerWith(500);
    nowMs += 24 * HOUR_SECONDS * 1_000 - 1;
    expect((await verifier.verify(token)).kind).toBe("verified");
    nowMs += 1;
    expect((await verifier.verify(token)).kind).toBe("unavailable");
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
