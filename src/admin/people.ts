import { Hono } from "hono";
import * as v from "valibot";
import { problems } from "../core/problem.ts";
import { AuditView, UserRole, UserView, Uuid } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { userIdOf } from "../core/user-id.ts";
import { authorize } from "./authorize.ts";
import { body, NoBody, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { pageAsked, Paged, pageOf, PageQuery } from "./shapes.ts";

/** `sub` of OpenID Connect is at most 255 ASCII characters (Core 1.0, section 2). */
const Subject = v.strictObject({
  subject: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/, "is not 1 to 255 visible ASCII characters")),
});

const Membership = v.strictObject({ role: UserRole });

export type PeoplePorts = Pick<Services, "users" | "tenants" | "outcomes" | "peppers" | "auditLog" | "identityIssuer">;

/** The people of a tenant, and what was done in its name. */
export const peopleRoute = (s: PeoplePorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/users",
      may("users.list", { summary: "List the people of the tenant", responses: { 200: Paged(UserView) } }),
      query(PageQuery(Uuid)),
      async (c) => c.json(pageOf(await s.users.list(c.var.tenantId, pageAsked(c.req.valid("query"))))),
    )
    .put(
      "/users/:subject",
      may("users.set", {
        summary: "Add a person by what the identity provider calls them, or change their role",
        responses: { 200: UserView },
      }),
      params(Subject),
      body(Membership),
      once,
      async (c) => {
        const { subject } = c.req.valid("param");
        const { role } = c.req.valid("json");
        const userId = await idOf(s, subject);
        const act = actOf(c, { action: "user.set", subject: userId, detail: { role } });
        return c.json(rowOf(await s.users.put(act, c.var.tenantId, { userId, subject, role })));
      },
    )
    .delete(
      "/users/:subject",
      may("users.remove", { summary: "Remove a person from the tenant", responses: { 200: UserView } }),
      params(Subject),
      body(NoBody),
      once,
      async (c) => {
        const userId = await idOf(s, c.req.valid("param").subject);
        const act = actOf(c, { action: "user.remove", subject: userId });
        return c.json(rowOf(await s.users.remove(act, c.var.tenantId, userId)));
      },
    )
    .get(
      "/audit",
      may("audit.list", { summary: "Read what was done, newest first", responses: { 200: Paged(AuditView) } }),
      query(PageQuery(Uuid)),
      async (c) => c.json(pageOf(await s.auditLog.list(c.var.tenantId, pageAsked(c.req.valid("query"))))),
    );
};

/** Without an issuer a subject is nobody in particular: the same person would be another one once there is one. */
function idOf({ identityIssuer }: PeoplePorts, subject: string): Promise<string> {
  if (identityIssuer === "") throw problems.conflict("No identity provider is configured: set OIDC_ISSUER.");
  return userIdOf(identityIssuer, subject);
}
