import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { IdentityTokens } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import { ISSUERS_ALGORITHMS } from "../core/sign-in.ts";

export type IdentitySettings = {
  /** `iss` of the tokens, exactly. */
  readonly issuer: string;
  /** One of `aud`. */
  readonly audience: string;
  /** Where the issuer publishes its keys. */
  readonly jwksUrl: string;
  /** For one reading of the keys, its body included. */
  readonly timeoutMs: number;
  /** How soon keys are read again for a token that none of them signed, and after a reading that failed. */
  readonly restMs: number;
  readonly clock: () => number;
};

/** How far the issuer's clock may differ, seconds. */
const TOLERANCE_SECONDS = 5;

const KEEP_MS = 600_000;
/** How long keys count while the issuer does not answer. */
const OUTAGE_MS = 86_400_000;
const MAX_JWKS_BYTES = 65_536;
const MAX_TOKEN_LENGTH = 8_192;

type Kept = { readonly keys: JWTVerifyGetKey; readonly readAtMs: number };

/**
 * Verifies OpenID Connect tokens against the issuer's published keys. Fails closed: what is not signed by one of them, for this audience,
 * and of now, is refused. Keys are kept ten minutes, and read anew for a token of a key that is not among them, but not more often than
 * every `restMs`: made-up key ids must not become requests to the issuer.
 */
export function joseIdentityTokens(settings: IdentitySettings, log: Log): IdentityTokens {
  let kept: Kept | undefined;
  let triedAtMs = -Infinity;

  const renew = async () => {
    triedAtMs = settings.clock();
    try {
      kept = { keys: createLocalJWKSet(await readKeys(settings)), readAtMs: settings.clock() };
    } catch (error) {
      log.error("identity-keys-unreadable", { error });
    }
  };
  const mayTry = () => settings.clock() - triedAtMs >= settings.restMs;
  const isYounger = (ms: number) => kept !== undefined && settings.clock() - kept.readAtMs < ms;

  return {
    async verify(token) {
      if (token.length > MAX_TOKEN_LENGTH) return { kind: "refused" };
      if (!isYounger(KEEP_MS) && mayTry()) await renew();
      if (kept === undefined || !isYounger(OUTAGE_MS)) return { kind: "unavailable" };
      const first = await verified(token, kept.keys, settings);
      if (first !== "unknown-key") return first;
      if (!mayTry()) return { kind: "refused" };
      await renew();
      const second = await verified(token, kept.keys, settings);
      return second === "unknown-key" ? { kind: "refused" } : second;
    },
  };
}

/** Of a deployment without an identity provider: nobody's tokens are good. */
export function noIdentityTokens(): IdentityTokens {
  return { verify: async () => ({ kind: "refused" }) };
}

async function verified(token: string, keys: JWTVerifyGetKey, { issuer, audience, clock }: IdentitySettings) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...ISSUERS_ALGORITHMS],
      clockTolerance: TOLERANCE_SECONDS,
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(clock()),
    });
    const { sub } = payload;
    return typeof sub === "string" && /^[\x21-\x7e]{1,255}$/.test(sub)
      ? ({ kind: "verified", issuer, subject: sub } as const)
      : ({ kind: "refused" } as const);
  } catch (error) {
    return error instanceof errors.JWKSNoMatchingKey ? "unknown-key" : ({ kind: "refused" } as const);
  }
}

async function readKeys({ jwksUrl, timeoutMs }: IdentitySettings): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(jwksUrl, { redirect: "manual", headers: { accept: "application/json" }, signal });
  if (response.status !== 200) throw new Error(`the issuer's keys: status ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_JWKS_BYTES) throw new Error("the issuer's keys: too long");
  return JSON.parse(text);
}
