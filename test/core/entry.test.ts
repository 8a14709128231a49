import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeEntry, encodeEntry, type Entry } from "../../src/core/entry.ts";

const entry: Entry = {
  identity: '["1","pool:default","","/userid/",[["username","tiktok"]]]',
  kind: "answer",
  status: 200,
  contentType: "application/json; charset=utf-8",
  body: '{"id":"107955"}',
  etag: '"abc"',
  fetchedAtMs: 1_700_000_000_000,
  freshMs: 60_000,
  staleMs: 60_000,
  windows: "userid",
  reservedAtMs: 1_699_999_999_000,
  errorMs: 86_400_000,
  derived: false,
};

it("gives back any body character for character, because clients compare bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (body) => {
      expect(decodeEntry(encodeEntry({ ...entry, body }))).toEqual({ ...entry, body });
    }),
  );
});

it.each([
  { text: "", because: "there is nothing" },
  { text: "__404__", because: "another program wrote it" },
  { text: "{}\nbody", because: "the head lacks its fields" },
  { text: `${JSON.stringify({ ...entry, kind: "surprise" })}\nbody`, because: "a later version wrote it" },
  { text: "{not json\nbody", because: "the head is no JSON" },
])("reads nothing from $text: $because", ({ text }) => {
  expect(decodeEntry(text)).toBeUndefined();
});
