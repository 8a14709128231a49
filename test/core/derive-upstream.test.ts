import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream } from "../../dev/upstream/server.ts";
import { upstreamSearch } from "../../src/core/canonical.ts";
import type { Call } from "../../src/core/catalogue.ts";
import { classify } from "../../src/core/classify.ts";
import { derived } from "../../src/core/derive.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { callTo } from "./calls.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 12, 34, 56);

const random = seededRandom(11);
const below = (most: number) => Math.floor(random() * most);
const many = <T>(count: number, draw: (at: number) => T) => Array.from({ length: count }, (_, at) => draw(at));

/** Of up to `longest` characters, and different by their number. */
const textOf = (alphabet: string, longest: number) => (at: number) =>
  `${many(1 + below(longest), () => alphabet.charAt(below(alphabet.length))).join("")}${at}`;

const digits = () => `${1 + below(3)}${String(below(1e9)).padStart(9, "0")}${String(below(1e8)).padStart(8, "0")}`;

const handles = ["tiktok", "@TikTok", "Empty.one", "__proto__", ...many(60, textOf("abcXYZ019._", 24))];
const userIds = ["107955", "1", "2041", ...many(60, digits)];
const hashtags = ["fyp", "FYP", "été", "🎉🎉", "a&b=c+d", "100%", ...many(60, textOf("abcdeéß日本_7", 20))];
const hashtagIds = ["229207", "1", ...many(60, digits)];
const missing = many(10, (at) => `missing${at}`);

const asking = (path: string, name: string, values: readonly string[]) =>
  values.map((value) => callTo(path, `${name}=${encodeURIComponent(value)}`));

const sources = [
  { from: "profiles by handle", calls: asking("/userinfo-by-username/", "username", handles), each: 2 },
  { from: "profiles by id", calls: asking("/userinfo-by-id/", "userid", userIds), each: 2 },
  { from: "hashtags by name", calls: asking("/challenge-info-name/", "name", hashtags), each: 1 },
  { from: "hashtags by id", calls: asking("/challenge-info-id/", "id", hashtagIds), each: 1 },
  { from: "missing profiles", calls: asking("/userinfo-by-username/", "username", missing), each: 1 },
] as const;

describe.each(["observed", "documented"] as const)("the upstream, with errors as %s", (errorStyle) => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  beforeAll(async () => {
    const keys = { good: { state: "active", credits: null, downloadTier: true } } as const;
    upstream = await startUpstream({ errorStyle, nowMs: NOW_MS, keys });
  });
  afterAll(() => upstream.close());

  async function ask(call: Call) {
    const url = `${upstream.url}${call.endpoint.path}${upstreamSearch(call)}`;
    const response = await fetch(url, { headers: { "x-api-key": "good" } });
    const { status } = response;
    const body = new Uint8Array(await response.arrayBuffer());
    const stated = { contentType: "application/json", retryAfter: null, credits: null, answeredAtMs: NOW_MS };
    return { status, ...classify(call.endpoint, { kind: "complete", status, ...stated, body }) };
  }

  it.each(sources)("sends for other calls what is derived from $from", async ({ calls, each }) => {
    let count = 0;
    for (const call of calls) {
      const source = await ask(call);
      for (const target of derived({ call, outcome: source.outcome, json: source.json })) {
        const sent = await ask(target.call);
        const { outcome, json, body } = target;
        expect({ outcome, json, status: source.status }, `${target.call.endpoint.path} of ${source.text}`).toEqual({
          outcome: sent.outcome,
          json: sent.json,
          status: sent.status,
        });
        expect(JSON.parse(body ?? source.text ?? "")).toEqual(sent.json);
        count += 1;
      }
    }
    // A hashtag asked for in capitals is the one kind here that proves nothing.
    const proving = calls.filter(
      ({ params }) => params[0]?.[0] !== "name" || params[0][1] === params[0][1].toLowerCase(),
    );
    expect(count).toBe(proving.length * each);
  });
});
