import { endpoints } from "../../src/core/endpoints.ts";
import type { Endpoint } from "../../src/core/catalogue.ts";
import { answerSchema } from "./answers.ts";
import { headersNamed, refusals, type Json } from "./components.ts";
import { parameterOf } from "./parameters.ts";

/** One line for each endpoint, by what it is about. */
const summaries: Readonly<Record<string, Readonly<Record<Endpoint["path"], string>>>> = {
  Users: {
    "/userid/": "Find the id of a username",
    "/userinfo-by-username/": "Read a profile by username",
    "/userinfo-by-id/": "Read a profile by id",
    "/user-posts/": "List a user's posts, newest first",
    "/user-followers/": "List a user's followers",
    "/user-following/": "List whom a user follows",
    "/user-collections/": "List a user's collections",
    "/user-liked/": "List the posts that a user liked in public",
    "/user-playlists/": "List a user's playlists",
    "/user-stories/": "List a user's current stories",
  },
  Posts: {
    "/post-detail/": "Read a post",
    "/post-comments/": "List a post's comments",
    "/post-comment-replies/": "List the replies to a comment",
    "/download-video/": "Get a post's download links",
    "/download-music/": "Get the download link of a post's sound",
  },
  "Music, hashtags and lists": {
    "/music-info/": "Read about a sound",
    "/music-posts/": "List the posts that use a sound",
    "/challenge-info-id/": "Read about a hashtag by id",
    "/challenge-info-name/": "Read about a hashtag by name",
    "/challenge-posts/": "List the posts under a hashtag",
    "/playlist-info/": "Read about a playlist",
    "/playlist-posts/": "List a playlist's posts",
    "/collection-info/": "Read about a collection",
    "/collection-posts/": "List a collection's posts",
  },
  Search: {
    "/search-user/": "Search users",
    "/search-video/": "Search posts",
    "/search-challenge/": "Search hashtags",
  },
  Other: {
    "/region-list/": "List the country codes",
    "/ads-detail/": "Read about an ad",
  },
};

/** In the order in which the reference page shows them. */
export const callTags = Object.keys(summaries).map((name) => ({ name }));

/** The data plane as paths of the document: every endpoint of the table. Throws for one that has no summary. */
export function callPaths(): Readonly<Record<string, Json>> {
  return Object.fromEntries(endpoints.map((endpoint) => [endpoint.path, { get: operationOf(endpoint) }]));
}

function operationOf(endpoint: Endpoint): Json {
  const [tag, lines] = Object.entries(summaries).find(([, lines]) => endpoint.path in lines) ?? [];
  if (tag === undefined || lines === undefined) throw new Error(`${endpoint.path} has no summary`);
  return {
    tags: [tag],
    operationId: endpoint.path.replaceAll("/", ""),
    summary: lines[endpoint.path],
    description: `Costs ${endpoint.credits === 1 ? "a credit" : `${endpoint.credits} credits`}, and nothing when a cache has it.`,
    security: [{ ApiKey: [] }, { Bearer: [] }],
    parameters: [...endpoint.parameters.map(parameterOf), { $ref: "#/components/parameters/If-None-Match" }],
    responses: {
      "200": answered("The upstream's answer, byte for byte.", answerSchema(endpoint)),
      "304": { description: "Nothing changed since the `ETag` that was sent.", headers: headersNamed(...ALWAYS) },
      "404": answered("Nothing is there, in the upstream's words.", { $ref: "#/components/schemas/UpstreamError" }),
      ...refusals(400, 401, 403, 414, 429, 502, 503, 504),
      default: answered("Whatever else the upstream says, passed on as it came.", {}),
    },
  };
}

function answered(description: string, schema: Json): Json {
  const headers = headersNamed(
    ...ALWAYS,
    "Age",
    "Cache-Control",
    "Cache-Status",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
  );
  return { description, headers, content: { "application/json": { schema } } };
}

const ALWAYS = ["X-Credits-Charged", "X-Request-Id"];
