import { operations, type OperationId, type Scope } from "../../src/core/roles.ts";
import { headersNamed, refusals, type Json, type RefusalStatus } from "./components.ts";

/** One route of the control plane or of the health checks, with JSON Schemas of what it takes and gives. */
export type RouteDescription = {
  /** In capitals. */
  readonly method: string;
  /** As the router has it: `/v1/keys/:keyId`. */
  readonly path: string;
  readonly operation?: OperationId | "me.get";
  readonly summary: string;
  readonly body?: Json;
  /** An object of the parameters. */
  readonly query?: Json;
  readonly params?: Json;
  /** By status. */
  readonly responses: Readonly<Record<string, Json>>;
  /** Another media type that it answers in. */
  readonly alsoAs?: string;
};

/** The document's form of a router's path. */
export function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

/** Tags in the order of the table of operations, so that the page has the order of the control plane. */
export const operationTags: readonly Json[] = [
  ...new Set([...Object.keys(operations), "me.get"].map((operation) => tagOf(operation))),
  tagOf(undefined),
].map((name) => ({ name }));

/** The routes as paths of the document. */
export function operationPaths(routes: readonly RouteDescription[]): Readonly<Record<string, Json>> {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return paths;
}

function operationOf(route: RouteDescription): Json {
  const { method, path, operation, summary, body } = route;
  return {
    tags: [tagOf(operation)],
    operationId: operation ?? `health.${path.slice(1)}`,
    summary,
    ...(operation === undefined ? { security: [] } : { description: whoMay(operation) }),
    parameters: parametersOf(route),
    ...(body === undefined || takesNothing(body)
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(route.responses).map(([status, schema]) => [status, done(schema, route)])),
      ...(operation === undefined ? {} : refusals(...refusalsOf(method, operation))),
    },
  };
}

function tagOf(operation: string | undefined): string {
  return operation === undefined ? "Health" : `Control plane: ${operation.slice(0, operation.indexOf("."))}`;
}

function whoMay(operation: OperationId | "me.get"): string {
  if (operation === "me.get") return "For every valid credential.";
  return `For: ${operations[operation].roles.join(", ")}.`;
}

function parametersOf({ method, operation, query, params }: RouteDescription): readonly Json[] {
  const shared = [
    ...(scopeOf(operation) === "platform" ? [] : ["Tikedge-Tenant"]),
    ...(changes(method) ? ["Idempotency-Key"] : []),
  ];
  return [
    ...parametersIn("path", params),
    ...parametersIn("query", query),
    ...(operation === undefined ? [] : shared.map((name) => ({ $ref: `#/components/parameters/${name}` }))),
  ];
}

function parametersIn(place: "path" | "query", schema: Json | undefined): readonly Json[] {
  const required = schema?.["required"];
  return Object.entries(schema?.["properties"] ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || (Array.isArray(required) && required.includes(name)),
    schema,
  }));
}

function refusalsOf(method: string, operation: OperationId | "me.get"): readonly RefusalStatus[] {
  const always: readonly RefusalStatus[] = [400, 401, 403, 404, 429, 503];
  return changes(method)
    ? [...always, 409, 413, 415, 422]
    : always.filter((status) => status !== 404 || operation !== "me.get");
}

function scopeOf(operation: OperationId | "me.get" | undefined): Scope {
  return operation === undefined || operation === "me.get" ? "platform" : operations[operation].scope;
}

function changes(method: string): boolean {
  return method !== "GET";
}

/** Of an operation without a body only the empty one is taken, which nobody needs to be told. */
function takesNothing(body: Json): boolean {
  return Object.keys(body["properties"] ?? {}).length === 0 && body["type"] === "object";
}

function done(schema: Json, { method, alsoAs }: RouteDescription): Json {
  const outcome = changes(method) ? { anyOf: [schema, { $ref: "#/components/schemas/Replayed" }] } : schema;
  const other = alsoAs === undefined ? {} : { [alsoAs]: { schema: { type: "string" } } };
  return {
    description: "Done.",
    headers: headersNamed("X-Request-Id"),
    content: { "application/json": { schema: outcome }, ...other },
  };
}
