import { endpoints } from "./endpoints.ts";

/** How a parameter's text is read; what is refused and what is canonical follows from the kind. */
export type ParameterKind =
  | "handle"
  | "numeric-id"
  | "text"
  | "count"
  | "cursor"
  | "unix-time"
  | "region"
  | "choice"
  | "post-url"
  | "url"
  | "hashtag";

/** One parameter of an endpoint. `choices` belongs to `choice`: the allowed values, the first of them being the default. */
export type Parameter = {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly required: boolean;
  readonly choices?: readonly string[];
};

/** The rows of the table of freshness windows. */
export type WindowClass =
  | "region-list"
  | "music-info"
  | "userid"
  | "challenge-info"
  | "playlist-info"
  | "collection-info"
  | "post-detail"
  | "userinfo"
  | "feed"
  | "slow-feed"
  | "search-video"
  | "user-stories"
  | "post-comments"
  | "post-comment-replies"
  | "ads-detail"
  | "download";

/** One endpoint of the upstream. Adding an endpoint is adding one of these. */
export type Endpoint = {
  /** Flat and always with a trailing slash, as the upstream wants it: `/userid/`. */
  readonly path: `/${string}/`;
  readonly parameters: readonly Parameter[];
  readonly windows: WindowClass;
  /** What one dispatch costs. */
  readonly credits: number;
  /** Whether bodies carry media URLs, whose presence depends on the key's tier: then the tier is part of the cache key. */
  readonly carriesMediaUrls: boolean;
  /**
   * Top-level keys of which an answer has at least one, and an error none; several where any one may be null. Empty where nobody knows
   * what an answer looks like.
   */
  readonly answerKeys: readonly string[];
  /** For lists, the top-level key of the items: an empty one has a window of its own. */
  readonly itemsKey?: string;
};

/**
 * A request to the upstream in its only canonical form: known parameters, canonical values, sorted by name, nothing that equals its
 * absence. The upstream's URL and the cache key are both built from it, so equal keys imply equal upstream requests.
 */
export type Call = {
  readonly endpoint: Endpoint;
  readonly params: readonly (readonly [name: string, value: string])[];
};

const byPath: ReadonlyMap<string, Endpoint> = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));

/** The endpoint at exactly this path: no other case, no missing slash, and nothing that a prototype would answer for. */
export function findEndpoint(path: string): Endpoint | undefined {
  return byPath.get(path);
}
