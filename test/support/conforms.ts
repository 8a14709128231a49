import * as v from "valibot";
import { expect } from "vitest";
import { referenceDocument } from "../../dev/openapi/reference.ts";
import { errorsBy } from "./json-schema.ts";

const Content = v.record(v.string(), v.object({ schema: v.unknown() }));
const Answer = v.object({ $ref: v.optional(v.string()), content: v.optional(Content, {}) });
const Operation = v.object({
  operationId: v.string(),
  summary: v.string(),
  responses: v.record(v.string(), Answer),
});
const ReadDocument = v.object({
  paths: v.record(v.string(), v.record(v.string(), Operation)),
  components: v.object({ schemas: v.record(v.string(), v.unknown()), responses: v.record(v.string(), Answer) }),
});

/** The document, with as much of its form as tests read. */
export const reference = v.parse(ReadDocument, referenceDocument());

const documented = Object.entries(reference.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path: pathPattern(template), operation })),
);

/**
 * Checks that the document promises such a response of the operation: its status, its type and its body. The body stays unread, so it can
 * be put around any request of a test.
 */
export async function conforms(response: Response, operationId: string): Promise<Response> {
  const found = documented.find(({ operation }) => operation.operationId === operationId);
  if (found === undefined) throw new Error(`the document has no operation ${operationId}`);
  const { operation } = found;
  const what = `${operationId}, answering ${response.status}`;
  const promised = operation.responses[response.status] ?? operation.responses["default"];
  if (promised === undefined) throw new Error(`the document has no ${what}`);
  const content = contentOf(promised);
  if (response.body === null || Object.keys(content).length === 0) return response;
  const type = response.headers.get("content-type")?.split(";")[0] ?? "nothing";
  expect(Object.keys(content), `${what} as ${type}`).toContain(type);
  const body: unknown = await response.clone().json();
  expect(await errorsBy(content[type]?.schema, body, reference.components.schemas), what).toEqual([]);
  return response;
}

/** The operation of a request, or nothing for one that no operation takes. */
export function operationAt(method: string, url: string): string | undefined {
  const { pathname } = new URL(url);
  const asked = method.toLowerCase();
  return documented.find((one) => one.method === asked && one.path.test(pathname))?.operation.operationId;
}

function pathPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function contentOf({ $ref, content }: v.InferOutput<typeof Answer>): v.InferOutput<typeof Content> {
  if ($ref === undefined) return content;
  return reference.components.responses[$ref.slice($ref.lastIndexOf("/") + 1)]?.content ?? {};
}
