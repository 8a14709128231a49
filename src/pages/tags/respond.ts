import type { JSX } from "hono/jsx/jsx-runtime";
import { etagOf, matchesEtag } from "../../core/conditional.ts";
import { pageFields } from "../../core/page-cache.ts";
import { rendered } from "../render.ts";
import type { Rendered } from "../request.ts";

type Kept = Parameters<typeof pageFields>[0];

/** A page that caches may keep, or that it still is the one that they have. */
export async function keptPage(request: Request, page: JSX.Element, kept: Kept): Promise<Response> {
  return keptText(request, rendered(page), kept);
}

/** The same of any text. */
export async function keptText(request: Request, { body, headers }: Rendered, kept: Kept): Promise<Response> {
  const etag = await etagOf(body);
  const fields = { ...headers, ...pageFields(kept), etag };
  const ifNoneMatch = request.headers.get("if-none-match");
  if (ifNoneMatch !== null && matchesEtag(ifNoneMatch, etag))
    return new Response(null, { status: 304, headers: fields });
  return new Response(body, { headers: fields });
}
