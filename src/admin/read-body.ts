import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { discardBody } from "../core/discard-body.ts";
import { problems } from "../core/problem.ts";
import type { AdminEnv } from "./request.ts";

/** No body of ours is longer, bytes. */
export const MAX_BODY_BYTES = 16_384;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Reads the body as JSON, whatever the operation makes of it. Refuses what is too long (413), not JSON by its type (415) or by its text (400). */
export const readBody = () => {
  const limited = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: async (c) => {
      await discardBody(c.req.raw.body);
      throw problems.bodyTooLarge(MAX_BODY_BYTES);
    },
  });
  const read = createMiddleware<AdminEnv>(async function readBody(c, next) {
    const text = await c.req.text();
    c.set("bodyText", text);
    c.set("body", undefined);
    if (text !== "") {
      if (!JSON_TYPE.test(c.req.header("content-type") ?? "")) throw problems.unsupportedMediaType();
      c.set("body", fromJson(text));
    }
    return next();
  });
  return [limited, read] as const;
};

function fromJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, like any other text that is no object.
  }
  throw problems.malformedJson();
}
