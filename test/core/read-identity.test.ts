import { expect, it } from "vitest";
import { answerKey } from "../../src/core/answer-key.ts";
import { callOf } from "../../src/core/parameters.ts";
import { readIdentity } from "../../src/core/read-identity.ts";
import { sampleCalls } from "../support/sample-calls.ts";

it.each(sampleCalls)("reads what the identity of %s names", (path) => {
  const call = callOf(path);
  if (call === undefined) throw new Error("no call");
  const key = answerKey({ call, scope: "tenant:1", tier: "standard", namespaceVersion: "1" });
  const read = readIdentity(key.identity, "1");
  expect(read).toMatchObject({ call, key: { identity: key.identity, scope: "tenant:1" } });
  expect(read?.tier).toBe(call.endpoint.carriesMediaUrls ? "standard" : "");
});

const PARTS: readonly unknown[] = ["1", "pool:default", "", "/search-user/", [["keyword", "a b&c=%"]]];

function identity(changed = PARTS.length, part?: unknown): string {
  return JSON.stringify(part === undefined ? PARTS : [...PARTS.slice(0, changed), part, ...PARTS.slice(changed + 1)]);
}

it("reads a value with what means something in a URL", () => {
  expect(readIdentity(identity(), "1")?.call.params).toEqual([["keyword", "a b&c=%"]]);
});

it.each([
  { text: identity(0, "0"), because: "it is of another namespace" },
  { text: identity(2, "download"), because: "its tier does not count" },
  { text: identity(3, "/nowhere/"), because: "there is no such endpoint" },
  { text: identity(4, []), because: "it lacks what is required" },
  { text: identity(4, [["keyword", ""]]), because: "nobody asks like that" },
  { text: identity(4, [["keyword", "\ud800"]]), because: "it is in no URL" },
  { text: identity(4, [["name", "a"]]), because: "it has a parameter of another endpoint" },
  { text: identity(5, "more"), because: "it is another version's" },
  { text: "{", because: "it is damaged" },
])("reads nothing when $because", ({ text }) => {
  expect(readIdentity(text, "1")).toBeUndefined();
});
