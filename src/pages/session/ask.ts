import type { Context, Env } from "hono";
import * as v from "valibot";
import { Problem } from "../../core/problem.ts";
import type { PagesEnv } from "../request.ts";

/** The control plane as an app, asked without leaving the isolate. */
export type Control = {
  fetch(request: Request, env: unknown, context: Context["executionCtx"]): Response | Promise<Response>;
};

export type Sent = {
  readonly body?: Readonly<Record<string, unknown>>;
  /** Sent as `Idempotency-Key`: the hidden field of the form. */
  readonly once: string;
};

/**
 * A client of `/v1` that is part of the same Worker: who may do what, limits, audit log and repeats have their one home there. A refusal is
 * thrown as the problem that it is; one with 401 ends the session, wherever it comes from (`signed-in.ts`).
 */
export type Ask = {
  /** `path` from `/v1` on. */
  get<S extends v.GenericSchema>(path: string, view: S): Promise<v.InferOutput<S>>;
  /** `what` is a method and a path: `DELETE /v1/keys/…`. */
  send<S extends v.GenericSchema>(what: string, view: S, sent: Sent): Promise<v.InferOutput<S>>;
};

type Whose = { readonly credential: string; readonly tenantId: string | null };

/** Asks as whoever holds the credential, about the tenant that they name, if they do. */
export function askAs<E extends PagesEnv & Env>(control: Control, c: Context<E>, { credential, tenantId }: Whose): Ask {
  const call = async (what: string, headers: Readonly<Record<string, string>>, body?: string) => {
    const [method = "", path = ""] = what.split(" ");
    const address = c.req.header("cf-connecting-ip");
    const request = new Request(new URL(path, c.req.url), {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        ...(tenantId === null ? {} : { "tikedge-tenant": tenantId }),
        // Limits of who has no valid credential are by address.
        ...(address === undefined ? {} : { "cf-connecting-ip": address }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    return told(await control.fetch(request, c.env, c.executionCtx), c);
  };
  return {
    get: async (path, view) => v.parse(view, await call(`GET ${path}`, {})),
    send: async (what, view, { body, once }) => {
      const headers = {
        "idempotency-key": once,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      return v.parse(view, await call(what, headers, body === undefined ? undefined : JSON.stringify(body)));
    },
  };
}

const ProblemBody = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  request_id: v.optional(v.string()),
});

async function told<E extends PagesEnv & Env>(response: Response, c: Context<E>): Promise<unknown> {
  const body: unknown = await response.json();
  if (response.ok) return body;
  const { type, title, status, detail, ...members } = v.parse(ProblemBody, body);
  const { request_id: requestId } = members;
  // The log knows what went wrong by the id of the request that it went wrong in.
  if (requestId !== undefined) (c as unknown as Context<PagesEnv>).set("requestId", requestId);
  const retryAfter = response.headers.get("retry-after");
  const retryAfterSeconds = retryAfter === null ? undefined : Number(retryAfter);
  throw new Problem({ type, title, status, detail, members, retryAfterSeconds });
}
