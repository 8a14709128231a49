import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { clientAddress } from "../core/address-group.ts";
import { parseApiKey, presentedCredential, sameDigest } from "../core/api-key.ts";
import { sha256, toHex } from "../core/bytes.ts";
import type { IdentifyKey, IdentityTokens } from "../core/control-ports.ts";
import { rightsOf } from "../core/key-rights.ts";
import type { AddressLimiter, Background } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { Role } from "../core/roles.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { userIdOf } from "../core/user-id.ts";
import type { AdminEnv, Caller } from "./request.ts";

export type AuthenticatePorts = {
  readonly identifyKey: IdentifyKey;
  readonly identityTokens: IdentityTokens;
  readonly unidentified: AddressLimiter;
  readonly adminToken: string;
};

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Finds out who calls: the operator by the admin token, a gateway key, or a person by a token of the identity provider. The
 * others are told apart by their shape. Fails closed: a credential that cannot be checked is refused, with 503 when it was us who could not.
 */
export const authenticate = (ports: AuthenticatePorts) =>
  createMiddleware<AdminEnv>(async function authenticate(c, next) {
    const text = presentedCredential(c.req.raw.headers);
    const caller = text === undefined ? undefined : await callerOf(ports, c, text);
    if (caller === undefined) return refuse(ports, c);
    c.set("caller", caller);
    return next();
  });

async function callerOf(ports: AuthenticatePorts, c: Context<AdminEnv>, text: string): Promise<Caller | undefined> {
  // First, for nobody says what shape an admin token has.
  if (await isAdminToken(ports, text)) return { kind: "operator" };
  if (parseApiKey(text) !== undefined) return keyCaller(ports, c, text);
  return JWT.test(text) ? personCaller(ports, text) : undefined;
}

async function keyCaller(ports: AuthenticatePorts, c: Context<AdminEnv>, text: string): Promise<Caller> {
  const background: Background = (promise) => c.executionCtx.waitUntil(promise);
  const record = await ports.identifyKey({
    text,
    wait: c.var.wait,
    background,
    address: () => clientAddress(c.req.raw.headers),
  });
  if (record.tenant.status === "suspended") throw problems.tenantSuspended();
  const { keyId, tenant } = record;
  return { kind: "key", keyId, tenantId: tenant.id, role: roleOf(record), rights: rightsOf(record) };
}

function roleOf({ kind, permissions }: KeyRecord): Role {
  if (kind === "publishable") return "publishable-key";
  return permissions.includes("manage") ? "manage-key" : "data-key";
}

async function personCaller({ identityTokens }: AuthenticatePorts, text: string): Promise<Caller | undefined> {
  const verified = await identityTokens.verify(text);
  switch (verified.kind) {
    case "verified":
      return { kind: "person", subject: verified.subject, userId: await userIdOf(verified.issuer, verified.subject) };
    case "refused":
      return undefined;
    case "unavailable":
      throw problems.identityTokensUnavailable();
    default:
      return verified satisfies never;
  }
}

/** Digests of one length are compared: how long a comparison of texts takes would tell the token's length. */
async function isAdminToken({ adminToken }: AuthenticatePorts, text: string): Promise<boolean> {
  const [given, expected] = await Promise.all([sha256(text), sha256(adminToken)]);
  return sameDigest(toHex(given), toHex(expected));
}

async function refuse({ unidentified }: AuthenticatePorts, c: Context<AdminEnv>): Promise<never> {
  if (!(await unidentified.allows(clientAddress(c.req.raw.headers)))) throw problems.tooManyUnidentified();
  throw problems.unauthorized();
}
