import { registerSchema, setShouldValidateFormat, validate } from "@hyperjump/json-schema/openapi-3-1";
import "@hyperjump/json-schema/formats";
import * as v from "valibot";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type SchemaObject = Exclude<Parameters<typeof registerSchema>[0], boolean>;

const Json = v.custom<Json>((value) => value !== undefined);
const SchemaObject = v.custom<SchemaObject>((value) => typeof value === "object" && value !== null);

setShouldValidateFormat(true);
const known = new Map<string, string>();

/** What is wrong with a value by a JSON Schema, formats included; `named` are the schemas that it may refer to as components. */
export async function errorsBy(schema: unknown, value: unknown, named: Readonly<Record<string, unknown>> = {}) {
  const found = await validate(registered(schema, named), v.parse(Json, value), "BASIC");
  return found.valid ? [] : (found.errors ?? []);
}

/** What is wrong with an OpenAPI 3.1 document, by the schema that the OpenAPI Initiative publishes. */
export async function errorsOfOpenApi(document: unknown) {
  const found = await validate("https://spec.openapis.org/oas/3.1/schema-base", v.parse(Json, document), "BASIC");
  return found.valid ? [] : (found.errors ?? []);
}

/** A schema on its own knows no document around it, so it takes the named ones along. */
function registered(schema: unknown, named: Readonly<Record<string, unknown>>): string {
  const alone = JSON.stringify({ $ref: "#/$defs/checked", $defs: { ...named, checked: schema } });
  const text = alone.replaceAll('"#/components/schemas/', '"#/$defs/');
  const id = known.get(text) ?? `https://schemas.test/${known.size}`;
  if (known.has(text)) return id;
  known.set(text, id);
  registerSchema(v.parse(SchemaObject, JSON.parse(text)), id, "https://spec.openapis.org/oas/3.1/dialect/base");
  return id;
}
