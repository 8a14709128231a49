import { conforms, operationAt } from "./conforms.ts";
import type { Gateway } from "./gateway.ts";

export type Answered = {
  readonly status: number;
  /** Empty when there was none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
};

type Asked = {
  readonly body?: unknown;
  /** Sent as `Tikedge-Tenant`. */
  readonly tenant?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An answer as it would be to anybody: without the request's id. */
export function withoutRequestId({ status, body }: Answered) {
  const { request_id: _requestId, ...rest } = body;
  return { status, body: rest };
}

/** Calls `/v1` with one credential. Whatever comes has to be what the OpenAPI document says of the operation. */
export function control(gateway: Pick<Gateway, "url" | "seen">, credential: string) {
  const call =
    (method: string) =>
    async (path: string, { body, tenant, headers = {} }: Asked = {}): Promise<Answered> => {
      if (credential !== "") gateway.seen.secret("a presented credential", credential);
      if (path === "/v1/upstream-key") gateway.seen.pasted(body);
      const response = await fetch(`${gateway.url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          ...(credential === "" ? {} : { authorization: `Bearer ${credential}` }),
          ...(tenant === undefined ? {} : { "tikedge-tenant": tenant }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const operation = operationAt(method, response.url);
      if (operation !== undefined) await conforms(response, operation);
      const text = await response.text();
      const answered: Answered["body"] = text === "" ? {} : JSON.parse(text);
      gateway.seen.answered(
        response,
        text,
        response.status === 201 ? (answered["key"] ?? answered["secret"]) : undefined,
      );
      return { status: response.status, headers: response.headers, body: answered };
    };
  return { call, get: call("GET"), post: call("POST"), put: call("PUT"), patch: call("PATCH"), delete: call("DELETE") };
}
