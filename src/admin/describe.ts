import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import type { InvalidParameter } from "../core/parameters.ts";
import { problems } from "../core/problem.ts";
import { repeatable } from "../core/repeatable.ts";
import type { OperationId } from "../core/roles.ts";
import type { AdminEnv } from "./request.ts";

type Schema = v.GenericSchema;

/** What the reference says of an operation, in pieces: each middleware of a route tells what it knows. */
export type Description = {
  readonly operation?: OperationId | "me.get";
  /** One line, in the imperative. */
  readonly summary?: string;
  readonly body?: Schema;
  readonly query?: Schema;
  readonly params?: Schema;
  /** By status: what the body is. */
  readonly responses?: Readonly<Record<number, Schema>>;
  /** Another media type that it answers in when that is asked for. */
  readonly alsoAs?: "text/csv";
};

/** Under this, a route's middleware carries what the OpenAPI document says of the route: there is no second copy to keep. */
export const DESCRIPTION = Symbol("description");

/** Attaches a description to a middleware. */
export function described<M extends object>(middleware: M, description: Description): M {
  return Object.assign(middleware, { [DESCRIPTION]: description });
}

/** The description that a route's middleware carries, if any. */
export function descriptionOf(middleware: object): Description | undefined {
  return DESCRIPTION in middleware ? (middleware[DESCRIPTION] as Description) : undefined;
}

/** The typed client reads from a middleware's type what a route takes. */
type Reads<Target extends string, S extends Schema> = MiddlewareHandler<
  AdminEnv,
  string,
  { in: { [K in Target]: v.InferInput<S> }; out: { [K in Target]: v.InferOutput<S> } }
>;

/** Checks the body; what is unknown, missing or wrong in it is named. */
export function body<S extends Schema>(schema: S): Reads<"json", S> {
  const read = createMiddleware<AdminEnv>(async function body(c, next) {
    c.req.addValidatedData("json", parsed(schema, c.var.body, "body") as object);
    return next();
  });
  return described(read as Reads<"json", S>, { body: schema });
}

/** Reads the query: a parameter that is unknown or repeated is named. */
export function query<S extends Schema>(schema: S): Reads<"query", S> {
  const read = createMiddleware<AdminEnv>(async function query(c, next) {
    const given = Object.entries(c.req.queries()).map(([name, values]) => [
      name,
      values.length > 1 ? values : values[0],
    ]);
    c.req.addValidatedData("query", parsed(schema, Object.fromEntries(given), "query") as object);
    return next();
  });
  return described(read as Reads<"query", S>, { query: schema });
}

/** Reads the path's parameters: an id that is none is 400, before anything is looked up. */
export function params<S extends Schema>(schema: S): Reads<"param", S> {
  const read = createMiddleware<AdminEnv>(async function params(c, next) {
    c.req.addValidatedData("param", parsed(schema, c.req.param(), "path") as object);
    return next();
  });
  return described(read as Reads<"param", S>, { params: schema });
}

/** Of operations that take no body: one that is sent all the same is not passed over in silence. */
export const NoBody = v.optional(v.strictObject({}));

/** A refusal must not be longer than the request. */
const NAMED_AT_MOST = 20;

function parsed<S extends Schema>(schema: S, value: unknown, place: string): v.InferOutput<S> {
  const read = v.safeParse(schema, value);
  if (read.success) return read.output;
  const issues = issuesIn(schema, value).slice(0, NAMED_AT_MOST);
  throw problems.invalidParameters(issues.map((issue) => invalid(issue, place)));
}

/** The library stops at the first field that it does not know: without that one it is asked again, so that one refusal names all. */
function issuesIn(schema: Schema, value: unknown, most = NAMED_AT_MOST): readonly v.BaseIssue<unknown>[] {
  const { issues = [] } = v.safeParse(schema, value);
  const unknown = issues.find((issue) => isUnknownField(issue) && issue.path?.length === 1);
  const field = unknown?.path?.[0].key;
  if (unknown === undefined || typeof field !== "string" || typeof value !== "object" || most === 0) return issues;
  const rest = Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => name !== field));
  // What is wrong with the body as a whole may be so only without the field.
  return [unknown, ...issuesIn(schema, rest, most - 1).filter(({ path }) => path !== undefined)];
}

function isUnknownField({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === "strict_object" && expected === "never";
}

/** The library's own texts repeat what they received, and that can be a secret: only what was expected is said. */
function invalid(issue: v.BaseIssue<unknown>, place: string): InvalidParameter {
  const name = repeatable(v.getDotPath(issue) ?? place);
  if (isUnknownField(issue)) return { name, reason: "is not known" };
  if (issue.type === "strict_object") return { name, reason: "is required" };
  const ours = issue.kind === "validation" && !issue.message.startsWith("Invalid");
  return { name, reason: ours ? issue.message : `is not ${issue.expected ?? issue.type}` };
}
