import { bodyOf, type BodySize } from "./bodies.ts";

/**
 * The least that a Worker can do, the measure of all rows: figures drift with the machine, and ratios to this do not. For each size of body
 * one, so that it has not even to look at the request.
 */
const bare = (size: BodySize) => {
  const body = bodyOf(size);
  const init = { headers: { "content-type": "application/json" } };
  return { fetch: () => new Response(body, init) } satisfies ExportedHandler;
};

export const small = bare("small");
export const usual = bare("usual");
export const large = bare("large");
