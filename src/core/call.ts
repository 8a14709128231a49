import type { Endpoint } from "./catalogue.ts";

/**
 * A request to the upstream in its only canonical form: known parameters, canonical values, sorted by name, nothing that equals its
 * absence. The upstream's URL and the cache key are both built from it, so equal keys imply equal upstream requests.
 */
export type Call = {
  readonly endpoint: Endpoint;
  readonly params: readonly (readonly [name: string, value: string])[];
};
