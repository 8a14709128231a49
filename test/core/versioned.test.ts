import { expect, it } from "vitest";
import { currentVersion, parseVersioned } from "../../src/core/versioned.ts";

it.each([
  { text: "1:YQ==", is: [[1, "YQ=="]], because: "one version is enough" },
  {
    text: "1:YQ==,2:Yg==",
    is: [
      [1, "YQ=="],
      [2, "Yg=="],
    ],
    because: "an old version stays readable",
  },
  {
    text: " 2:b , 1:a:b ",
    is: [
      [2, "b"],
      [1, "a:b"],
    ],
    because: "order and spaces around entries do not matter, colons in values do",
  },
])("reads $text: $because", ({ text, is }) => expect([...parseVersioned(text)]).toEqual(is));

it.each([
  { text: "", because: "nothing is set" },
  { text: "hunter2secret", because: "the version is missing" },
  { text: "0:hunter2secret", because: "versions begin at 1" },
  { text: "1:hunter2secret,", because: "an entry is empty" },
  { text: "1:hunter2secret,1:hunter2other", because: "one version has two values" },
  { text: "one:hunter2secret", because: "a version is a number" },
  { text: "1:hunter2secret hunter2more", because: "a value has no spaces" },
])("refuses $text without showing it: $because", ({ text }) => {
  expect(() => parseVersioned(text)).toThrow(RangeError);
  expect(() => parseVersioned(text)).not.toThrow("hunter2");
});

it("writes with the highest version, as a number and not as text", () => {
  expect(currentVersion(parseVersioned("9:a,10:b,2:c"))).toEqual({ version: 10, value: "b" });
});

it("has no current version of nothing", () => expect(() => currentVersion(new Map())).toThrow(RangeError));
