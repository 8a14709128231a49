import type { JSX } from "hono/jsx/jsx-runtime";
import type { Rendered } from "./request.ts";

/** Where pictures of posts and people are; nothing else of a page is from elsewhere. */
const MEDIA = "https:";

/**
 * No inline script and no inline style, so that text of the upstream's that passed for markup could still do nothing. `same-origin` for
 * the referrer, not `no-referrer`: with that a browser says `Origin: null` for our own forms.
 */
const SECURITY = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' data: ${MEDIA}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
} as const;

/** A page as HTML, with the fields that every page has. It may not be kept, unless who sends it says otherwise. */
export function rendered(page: JSX.Element): Rendered {
  if (page instanceof Promise) throw new TypeError("a page waits for nothing while it is rendered");
  return {
    body: `<!doctype html>${page}`,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...SECURITY },
  };
}

/** A problem is one too: of a page that shows it among other things. */
export type PageInit = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number | undefined;
};

/** A page as a response. */
export function pageResponse(page: JSX.Element, init: PageInit = {}): Response {
  const { status = 200, headers = {}, retryAfterSeconds } = init;
  const again = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  const { body, headers: own } = rendered(page);
  return new Response(body, { status, headers: { ...own, ...headers, ...again } });
}
