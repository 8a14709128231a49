import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { referenceDocument, routesOfApp } from "../../dev/openapi/reference.ts";
import { canonicalValue } from "../../src/core/canonical.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import { operations } from "../../src/core/roles.ts";
import { templateOf } from "../../dev/openapi/operations.ts";
import { parameterOf } from "../../dev/openapi/parameters.ts";
import { reference } from "../support/conforms.ts";
import { errorsBy, errorsOfOpenApi } from "../support/json-schema.ts";

const documented = Object.entries(reference.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the OpenAPI document", () => {
  it("is valid by the schema of OpenAPI 3.1, the schemas of bodies included", async () => {
    expect(await errorsOfOpenApi(referenceDocument())).toEqual([]);
  });

  it("has every route and every endpoint, and nothing that is neither, since it is made from them", () => {
    const routes = routesOfApp().map(({ method, path }) => `${method.toLowerCase()} ${templateOf(path)}`);
    const calls = endpoints.map(({ path }) => `get ${path}`);
    const names = documented.map(({ method, path }) => `${method} ${path}`);
    expect(names.toSorted()).toEqual([...routes, ...calls].toSorted());
  });

  it("has every operation of the table of roles: one without a route would be a promise that nothing keeps", () => {
    const names = new Set(documented.map(({ operation }) => operation.operationId));
    expect(Object.keys(operations).filter((operation) => !names.has(operation))).toEqual([]);
  });

  it("names every operation once, for clients are generated from the names", () => {
    const names = documented.map(({ operation }) => operation.operationId);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it.each(documented)("says of $method $path what it does, answers and refuses", ({ operation }) => {
    const statuses = Object.keys(operation.responses);
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(statuses.filter((status) => status.startsWith("2")).length).toBeGreaterThan(0);
    const isOpen = operation.operationId.startsWith("health.");
    expect(statuses.filter((status) => status.startsWith("4")).length > 0).toBe(!isOpen);
  });

  it("refers to nothing that it lacks", () => {
    const text = JSON.stringify(referenceDocument());
    const document: unknown = JSON.parse(text);
    const pointers = Array.from(text.matchAll(/"\$ref":"#\/([^"]+)"/g), ([, pointer = ""]) => pointer);
    expect(pointers.filter((pointer) => at(document, pointer.split("/")) === undefined)).toEqual([]);
  });
});

describe("a parameter's schema takes what the gateway takes and refuses what it refuses", () => {
  it.each([
    { kind: "handle", texts: ["tiktok", "@Tik.Tok_1", "a".repeat(64), "a".repeat(65), "tik tok", "@@a", "é"] },
    { kind: "numeric-id", texts: ["0", "107955", "9".repeat(20), "9".repeat(21), "007", "-1", "1.5", "abc"] },
    { kind: "text", texts: ["cooking", "a".repeat(500), "a".repeat(501)] },
    { kind: "hashtag", texts: ["cooking", "#cooking", "##cooking"] },
    { kind: "count", texts: ["1", "35", "999999999", "1000000000", "0", "-1", "1.5"] },
    { kind: "cursor", texts: ["0", "1700000000", "opaque=", "c".repeat(257)] },
    { kind: "unix-time", texts: ["0", "1700000000", "soon", "9".repeat(17)] },
    { kind: "region", texts: ["US", "de", "USA", "1A"] },
    { kind: "choice", texts: ["0", "7", "8", "x"] },
  ] as const)("$kind", async ({ kind, texts }) => {
    const parameter = { name: "any", kind, required: true, ...(kind === "choice" ? { choices: ["0", "1", "7"] } : {}) };
    const { schema } = v.parse(v.object({ schema: v.looseObject({ type: v.string() }) }), parameterOf(parameter));
    for (const text of texts) {
      const taken = canonicalValue(parameter, text).kind !== "malformed";
      const errors = await errorsBy(schema, schema.type === "integer" ? Number(text) : text);
      expect({ text, taken: errors.length === 0 }).toEqual({ text, taken });
    }
  });
});

function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  return typeof value === "object" && value !== null ? at(Reflect.get(value, name), rest) : undefined;
}
