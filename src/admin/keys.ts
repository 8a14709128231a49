import { Hono } from "hono";
import * as v from "valibot";
import { digestApiKey, formatApiKey, randomBase62 } from "../core/api-key.ts";
import { findEndpoint } from "../core/catalogue.ts";
import type { KeyMaterial } from "../core/control-ports.ts";
import { isWebOrigin } from "../core/key-rights.ts";
import { KeyId, KeyView, Permission } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { currentVersion } from "../core/versioned.ts";
import { authorize } from "./authorize.ts";
import { confirmed } from "./confirmed.ts";
import { body, NoBody, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, Instant, Label, pageAsked, Paged, pageOf, PageQuery, Pending } from "./shapes.ts";

const EndpointList = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.check((path) => findEndpoint(path) !== undefined, "is not an endpoint"),
    ),
  ),
  v.minLength(1, "is empty"),
  v.maxLength(100, "has more than 100"),
);

/** A key for servers. */
const SecretKey = v.strictObject({
  kind: v.optional(v.literal("secret"), "secret"),
  name: v.optional(Label, "unnamed"),
  permissions: v.optional(v.pipe(v.array(Permission), v.minLength(1, "is empty"), v.maxLength(3)), ["data"]),
  endpoints: v.optional(v.nullable(EndpointList), null),
  expires_at: v.optional(v.nullable(Instant), null),
});

/** A key for browsers: everybody can read it there, so it is bound to origins, to endpoints, and to a budget. */
const PublishableKey = v.strictObject({
  kind: v.literal("publishable"),
  name: v.optional(Label, "unnamed"),
  origins: v.pipe(
    v.array(v.pipe(v.string(), v.check(isWebOrigin, "is not an origin such as https://app.example.com"))),
    v.minLength(1, "is empty"),
    v.maxLength(20, "has more than 20"),
  ),
  endpoints: EndpointList,
  daily_requests: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1, "is below 1"), v.maxValue(100_000)), 1_000),
  expires_at: v.optional(v.nullable(Instant), null),
});

const NewKey = v.variant("kind", [SecretKey, PublishableKey]);

/** A day at most: two keys of which one is forgotten are worse than one. */
const Rotation = v.strictObject({
  overlap_minutes: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0, "is below 0"), v.maxValue(1_440, "is above 1440")),
    60,
  ),
});

/** With the key in clear: this answer is the only place where it ever stands. */
const IssuedKey = v.object({ ...KeyView.entries, key: v.string() });

const KeyParam = v.strictObject({ keyId: KeyId });

export type KeysPorts = Pick<
  Services,
  "gatewayKeys" | "tenants" | "users" | "outcomes" | "changes" | "controlQueue" | "log" | "peppers" | "random"
>;

/** A tenant's gateway keys. */
export const keysRoute = (s: KeysPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("keys.list", { summary: "List gateway keys", responses: { 200: Paged(KeyView) } }),
      query(PageQuery(KeyId)),
      async (c) => c.json(pageOf(await s.gatewayKeys.list(c.var.tenantId, pageAsked(c.req.valid("query"))))),
    )
    .get(
      "/:keyId",
      may("keys.get", { summary: "Read a gateway key, but for its secret", responses: { 200: KeyView } }),
      params(KeyParam),
      async (c) => c.json(found(await s.gatewayKeys.find(c.var.tenantId, c.req.valid("param").keyId))),
    )
    .post(
      "/",
      may("keys.issue", { summary: "Issue a gateway key; it is shown once", responses: { 201: IssuedKey } }),
      body(NewKey),
      once,
      async (c) => {
        const rights = rightsOf(c.req.valid("json"));
        const { key, material } = await newKey(s, rights.kind);
        const act = actOf(c, { action: "key.issue", subject: material.id, detail: rights, status: 201 });
        return c.json({ ...rowOf(await s.gatewayKeys.issue(act, c.var.tenantId, { material, rights })), key }, 201);
      },
    )
    .route("/", endingsRoute(s));
};

/** How a key ends: at once, or after the one that takes over has been put in its place. */
const endingsRoute = (s: KeysPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .post(
      "/:keyId/rotate",
      may("keys.rotate", {
        summary: "Issue a key with the same rights; the old one works on for the overlap",
        responses: { 201: v.object({ ...IssuedKey.entries, pending: v.boolean() }) },
      }),
      params(KeyParam),
      body(Rotation),
      once,
      async (c) => {
        const { keyId } = c.req.valid("param");
        const { overlap_minutes } = c.req.valid("json");
        const old = found(await s.gatewayKeys.find(c.var.tenantId, keyId));
        const { key, material } = await newKey(s, old.kind);
        const act = actOf(c, {
          action: "key.rotate",
          subject: keyId,
          detail: { replaced_by: material.id, overlap_minutes },
          status: 201,
        });
        const { result, pending } = await confirmed(s, { kind: "key", keyId }, () =>
          s.gatewayKeys.rotate(act, c.var.tenantId, { keyId, material, overlapSeconds: overlap_minutes * 60 }),
        );
        return c.json({ ...rowOf(result), key, pending }, 201);
      },
    )
    .delete(
      "/:keyId",
      may("keys.revoke", { summary: "Revoke a gateway key", responses: { 200: Pending(KeyView) } }),
      params(KeyParam),
      body(NoBody),
      once,
      async (c) => {
        const { keyId } = c.req.valid("param");
        // Else anybody could have everybody's records of any key read again.
        found(await s.gatewayKeys.find(c.var.tenantId, keyId));
        const act = actOf(c, { action: "key.revoke", subject: keyId });
        const { result, pending } = await confirmed(s, { kind: "key", keyId }, () =>
          s.gatewayKeys.revoke(act, c.var.tenantId, keyId),
        );
        return c.json({ ...rowOf(result), pending });
      },
    );
};

function rightsOf(asked: v.InferOutput<typeof NewKey>) {
  return asked.kind === "secret"
    ? { ...asked, origins: [], daily_requests: null }
    : { ...asked, permissions: ["data" as const] };
}

/** The key in clear, and what is kept of it. */
async function newKey(
  { peppers, random }: KeysPorts,
  kind: KeyView["kind"],
): Promise<{ key: string; material: KeyMaterial }> {
  const id = randomBase62(random(48), 12);
  const key = formatApiKey(id, randomBase62(random(128), 32), kind);
  const pepper = currentVersion(await peppers());
  const digest = await digestApiKey(key, pepper.value);
  return { key, material: { id, digest, pepperVersion: pepper.version, last4: key.slice(-4) } };
}
