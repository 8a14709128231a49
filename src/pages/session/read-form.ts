import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { sameDigest } from "../../core/api-key.ts";
import { discardBody } from "../../core/discard-body.ts";
import { problems } from "../../core/problem.ts";
import { isRead } from "./refuse-foreign.ts";
import type { SessionEnv } from "./request.ts";

/** No form of ours is longer, bytes. */
const MAX_FORM_BYTES = 32_768;

/** Reads a form, whoever sent it. Refuses one that is too long. */
export const readForm = () => {
  const limited = bodyLimit({
    maxSize: MAX_FORM_BYTES,
    onError: async (c) => {
      await discardBody(c.req.raw.body);
      throw problems.bodyTooLarge(MAX_FORM_BYTES);
    },
  });
  const read = createMiddleware<SessionEnv>(async function readForm(c, next) {
    c.set("form", new URLSearchParams(c.req.method === "POST" ? await c.req.text() : ""));
    return next();
  });
  return [limited, read] as const;
};

/** What `/v1` takes as an `Idempotency-Key`: without one, a form that is sent twice would act twice. */
const ONCE = /^[\x21-\x7e]{1,255}$/;

/** Refuses a form that no page of this session made: where it came from is a browser's word, and this is our own. */
export const checkCsrf = () =>
  createMiddleware<SessionEnv>(async function checkCsrf(c, next) {
    const { form, session } = c.var;
    const isOurs = sameDigest(form.get("csrf") ?? "", session.csrf) && ONCE.test(form.get("once") ?? "");
    if (!isRead(c) && !isOurs) throw problems.foreignForm();
    return next();
  });
