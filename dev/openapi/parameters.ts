import type { Parameter, ParameterKind } from "../../src/core/catalogue.ts";
import type { Json } from "./components.ts";

/** What the texts of a parameter are, as `canonicalValue` reads them. */
const kinds: Readonly<Record<ParameterKind, Json>> = {
  handle: { type: "string", pattern: "^@?[A-Za-z0-9._]{1,64}$", description: "A username, in any case." },
  "numeric-id": { type: "string", pattern: "^(?:0|[1-9][0-9]{0,19})$", description: "A decimal id." },
  text: { type: "string", maxLength: 500 },
  hashtag: { type: "string", pattern: "^#?[^#]", maxLength: 501, description: "A hashtag's name." },
  count: {
    type: "integer",
    minimum: 1,
    maximum: 999_999_999,
    description: "Items a page; the upstream applies its own cap.",
  },
  cursor: { type: "string", maxLength: 256, default: "0", description: "`cursor` of the last page; opaque." },
  "unix-time": { type: "string", pattern: "^[0-9]{1,16}$", default: "0", description: "`time` of the last page." },
  region: { type: "string", pattern: "^[A-Za-z]{2}$", description: "A country code of two letters." },
  choice: { type: "string" },
  "post-url": {
    type: "string",
    format: "uri",
    maxLength: 2_000,
    description: "A post on tiktok.com, or a TikTok short link.",
  },
  url: { type: "string", format: "uri", maxLength: 2_000, description: "An https URL on tiktok.com." },
};

/** By name: what the reference page fills in. */
const examples: Readonly<Record<string, string | number>> = {
  username: "tiktok",
  userid: "107955",
  keyword: "cooking",
  name: "cooking",
  id: "1659902",
  challenge_id: "1659902",
  video_id: "7300000000000000001",
  comment_id: "7300000000000000002",
  music_id: "7100000000000000001",
  playlist_id: "7200000000000000001",
  collection_id: "7200000000000000002",
  url: "https://www.tiktok.com/@tiktok/video/7300000000000000001",
};

/** A parameter of the data plane. */
export function parameterOf({ name, kind, required, choices }: Parameter): Json {
  const { description, ...schema } = kinds[kind];
  return {
    name,
    in: "query",
    required,
    ...(description === undefined ? {} : { description }),
    // An empty value equals an absent one.
    ...(required ? {} : { allowEmptyValue: true }),
    ...(name in examples ? { example: examples[name] } : {}),
    schema: choices === undefined ? schema : { ...schema, enum: choices, default: choices[0] },
  };
}

const headers: readonly (Json & { readonly name: string })[] = [
  { name: "If-None-Match", description: "The `ETag` of an answer that the client has.", schema: { type: "string" } },
  {
    name: "Idempotency-Key",
    description:
      "A request that is repeated with its key does nothing again: it is told the first outcome, without secrets.",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
  },
  {
    name: "Tikedge-Tenant",
    description: "For which tenant the operator or a person acts. A key acts for its own and never names one.",
    schema: { type: "string", format: "uuid" },
  },
];

/** What requests carry besides, by the name of the field. */
export const headerParameters: Json = Object.fromEntries(
  headers.map((header) => [header.name, { in: "header", required: false, ...header }]),
);
