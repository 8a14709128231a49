import { answerSchemas } from "./answers.ts";
import { headerParameters } from "./parameters.ts";

/** JSON Schema, or a piece of the document: plain JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What each refusal means. */
const meanings = {
  400: "Something that was sent is unknown, missing or malformed, and named.",
  401: "No valid credential.",
  403: "This caller may not do this, or the tenant is suspended or its trial over.",
  404: "Nothing of the caller's has that id.",
  409: "The thing is not in a state for this.",
  413: "The body is longer than any of ours.",
  414: "The URL is longer than any of ours.",
  415: "The body is no JSON.",
  422: "The `Idempotency-Key` was used for another request, or the upstream refused the key that was sent.",
  429: "A limit is reached, which `violated-policies` names: again after `Retry-After`.",
  502: "The upstream did not answer as it should. What it cost is in doubt.",
  503: "A part that this stands on does not answer, or the upstream rests after failures, or it refused the account.",
  504: "The upstream did not answer in time. What it cost is in doubt.",
} as const;

export type RefusalStatus = keyof typeof meanings;

const headers: Readonly<Record<string, { readonly description: string; readonly schema: Json }>> = {
  Age: { description: "Seconds since the upstream answered.", schema: { type: "integer", minimum: 0 } },
  "Cache-Control": { description: "How long a client may keep it (RFC 9111).", schema: { type: "string" } },
  "Cache-Status": {
    description:
      "Where the answer came from (RFC 9211). With a `ttl` below zero it is past its time, and `detail` says why.",
    schema: { type: "string" },
  },
  ETag: { description: "For `If-None-Match`.", schema: { type: "string" } },
  RateLimit: {
    description: "What is left of each limit (`r`), and in how many seconds there is more (`t`).",
    schema: { type: "string" },
  },
  "RateLimit-Policy": {
    description: "The limits that hold: each with its size (`q`) and its window in seconds (`w`).",
    schema: { type: "string" },
  },
  "Retry-After": { description: "Seconds.", schema: { type: "integer", minimum: 0 } },
  "X-Credits-Charged": { description: "What this request cost.", schema: { type: "integer", minimum: 0 } },
  "X-Request-Id": { description: "What it is booked under.", schema: { type: "string", format: "uuid" } },
};

const Problem: Json = {
  type: "object",
  description: "What went wrong (RFC 9457). Switch on `type`.",
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string" },
    request_id: { type: "string" },
    invalid_parameters: {
      type: "array",
      items: {
        type: "object",
        properties: { name: { type: "string" }, reason: { type: "string" } },
        required: ["name", "reason"],
      },
    },
    "violated-policies": { type: "array", items: { type: "string" } },
  },
  required: ["type", "title", "status", "detail", "request_id"],
};

const Replayed: Json = {
  type: "object",
  description:
    "The first outcome of a request that was repeated with its `Idempotency-Key`, but for what is shown once.",
  properties: { replayed: { const: true } },
  required: ["replayed"],
};

/** What paths refer to. `schemas` are those of the control plane. */
export function components(schemas: Readonly<Record<string, Json>>): Json {
  return {
    schemas: { Problem, Replayed, ...schemas, ...answerSchemas },
    headers,
    parameters: headerParameters,
    responses: Object.fromEntries(
      Object.entries(meanings).map(([status, says]) => [`Refused${status}`, refusal(status, says)]),
    ),
    securitySchemes: {
      ApiKey: { type: "apiKey", in: "header", name: "X-Api-Key", description: "A gateway key." },
      Bearer: {
        type: "http",
        scheme: "bearer",
        description: "A gateway key; under `/v1` also the operator's token, or an identity token of a person.",
      },
    },
  };
}

/** References to the refusals with these statuses. */
export function refusals(...statuses: readonly RefusalStatus[]): Json {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Refused${status}` }]));
}

/** References to response headers. */
export function headersNamed(...names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function refusal(status: string, description: string): Json {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const limits = status === "429" ? ["RateLimit", "RateLimit-Policy"] : [];
  return { description, headers: headersNamed("X-Request-Id", "Retry-After", ...limits), content };
}
