import { Hono } from "hono";
import type { AdminEnv } from "../../src/admin/request.ts";
import { adminRoute, type AdminPorts } from "../../src/admin/route.ts";
import { onError } from "../../src/on-error.ts";
import { silentLog } from "./silent-log.ts";

export const ADMIN_TOKEN = "admin-token-of-the-tests";

/** A tenant that is there, when nobody says otherwise. */
export const TENANT = "0199c0de-0000-7000-8000-00000000000a";

type Asked = {
  readonly credential?: string;
  readonly tenant?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Enough to let the operator act for a tenant. */
const usual = {
  adminToken: ADMIN_TOKEN,
  tenants: { find: async () => ({ id: TENANT }), wasThere: async () => true },
  unidentified: { allows: async () => true },
  limiter: { take: async () => ({ kind: "unavailable" }) },
  clock: () => Date.parse("2026-01-31T12:00:00Z"),
  log: silentLog,
};

/** The control plane in this process, over the ports that a test gives. What it takes besides is not there, and asking for it is a 500. */
export function controlPlane(ports: Readonly<Record<string, unknown>> = {}) {
  const app = new Hono<AdminEnv>()
    .onError(onError(silentLog) as never)
    .use(async (c, next) => {
      c.set("requestId", "request");
      c.set("wait", { within: (work) => work() });
      return next();
    })
    .route("/v1", adminRoute({ ...usual, ...ports } as unknown as AdminPorts));
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  return async (method: string, path: string, { credential = ADMIN_TOKEN, tenant, body, headers }: Asked = {}) => {
    const response = await app.request(
      path,
      {
        method,
        headers: {
          authorization: `Bearer ${credential}`,
          ...(tenant === undefined ? {} : { "tikedge-tenant": tenant }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      {},
      context,
    );
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    const { type, ...said }: Readonly<Record<string, unknown>> = isJson ? JSON.parse(text) : {};
    const problem = String(type).split("/").at(-1);
    return { status: response.status, headers: response.headers, problem, body: said, text };
  };
}
