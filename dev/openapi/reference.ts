import { toJsonSchema, toJsonSchemaDefs, type ConversionConfig } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import packageJson from "../../package.json" with { type: "json" };
import { descriptionOf, type Description } from "../../src/admin/describe.ts";
import { app } from "../../src/app.ts";
import * as resources from "../../src/core/resources.ts";
import * as statements from "../../src/core/statement-resources.ts";
import type { Services } from "../../src/core/services.ts";
import { openApiDocument, type OpenApiDocument } from "./document.ts";
import type { RouteDescription } from "./operations.ts";

type JsonSchema = Readonly<Record<string, unknown>>;
type Route = { readonly method: string; readonly path: string; readonly description: Description };

/** The things of the control plane that have a name of their own in the document. */
const named: Readonly<Record<string, GenericSchema>> = {
  Plan: resources.PlanView,
  Tenant: resources.TenantView,
  Key: resources.KeyView,
  UpstreamKeyVersion: resources.UpstreamKeyVersion,
  User: resources.UserView,
  AuditEntry: resources.AuditView,
  Webhook: resources.WebhookView,
  Delivery: resources.DeliveryView,
  PlatformKey: resources.PlatformKeyView,
  Invoice: statements.InvoiceView,
  Reading: statements.ReadingView,
};

/** The OpenAPI document of the app as it is: its own routes, and the schemas that they check by. */
export function referenceDocument(): OpenApiDocument {
  return openApiDocument({
    version: packageJson.version,
    routes: routesOfApp().map(described),
    schemas: plain(toJsonSchemaDefs(named, { ...conversion, typeMode: "output" })),
  });
}

/** Every route with a path and a method of its own, so all but the data plane. Each of its middlewares tells what it knows. */
export function routesOfApp(): readonly Route[] {
  const routes = new Map<string, Route>();
  // A route is only listed here, never run, so nothing has to stand behind it.
  for (const { method, path, handler } of app({} as Services).routes) {
    if (method === "ALL" || path.endsWith("*")) continue;
    const name = `${method} ${path}`;
    routes.set(name, { method, path, description: { ...routes.get(name)?.description, ...descriptionOf(handler) } });
  }
  return [...routes.values()];
}

/** Throws for a route that does not say what it is for: the document would lack it. */
function described({ method, path, description }: Route): RouteDescription {
  const { operation, summary, body, query, params, responses = {}, alsoAs } = description;
  if (summary === undefined) throw new Error(`${method} ${path} has no summary`);
  return {
    method,
    path,
    summary,
    ...(operation === undefined ? {} : { operation }),
    ...(body === undefined ? {} : { body: jsonSchema(body, "input") }),
    ...(query === undefined ? {} : { query: jsonSchema(query, "input") }),
    ...(params === undefined ? {} : { params: jsonSchema(params, "input") }),
    ...(alsoAs === undefined ? {} : { alsoAs }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, schema]) => [status, jsonSchema(schema, "output")]),
    ),
  };
}

/** Checks that JSON Schema has no word for are left out: the text of a refusal names them. */
function jsonSchema(schema: GenericSchema, typeMode: "input" | "output"): JsonSchema {
  const converted = Object.entries(toJsonSchema(schema, { ...conversion, typeMode }));
  return Object.fromEntries(converted.filter(([keyword]) => keyword !== "$schema" && keyword !== "$defs"));
}

/** The library's type of a schema has no index signature. */
function plain(schemas: object): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(Object.entries(schemas));
}

const conversion: ConversionConfig = {
  target: "draft-2020-12",
  errorMode: "ignore",
  definitions: named,
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  overrideAction: ({ valibotAction, jsonSchema }) =>
    valibotAction.type === "metadata" && "metadata" in valibotAction
      ? { ...jsonSchema, ...(valibotAction.metadata as JsonSchema) }
      : undefined,
};
