import { describe, expect, it } from "vitest";
import { formatApiKey } from "../../src/core/api-key.ts";
import { isRepeatable, isRepeatablePath } from "../../src/core/repeatable.ts";

describe("a refusal repeats a name", () => {
  it.each([
    { name: "usrename", because: "it is a slip of the pen" },
    { name: "api_key", because: "words are joined so" },
    { name: "maxCursor", because: "or so" },
    { name: "events.0", because: "it is a place in a list" },
    { name: "__proto__", because: "nothing secret is spelled in words" },
  ])("$name: $because", ({ name }) => expect(isRepeatable(name)).toBe(true));

  it.each([
    { name: formatApiKey("aaaaaaaaaaaa", "b".repeat(32)), because: "it is a gateway key" },
    { name: "0199c0de-0000-7000-8000-000000000001", because: "keys look like ids" },
    { name: "9f86d081884c7d659a2feaa0c55ad015", because: "keys are written in hex" },
    { name: "qWeRtZuIoPaSdFgHjK", because: "words have few capitals" },
    { name: "a".repeat(33), because: "no name is as long" },
    { name: "a\nb", because: "it would begin a line in somebody's log" },
    { name: "", because: "there is none" },
  ])("but not $name: $because", ({ name }) => expect(isRepeatable(name)).toBe(false));

  it.each([
    { path: "/userid", is: true, because: "it is a slip of the pen" },
    { path: "/v1/webhooks/", is: true, because: "each segment is a name" },
    { path: "/v1/keys/9f86d081884c7d659a2feaa0c55ad015/x", is: false, because: "one segment is none" },
    { path: "/a".repeat(51), is: false, because: "no path of ours is as long" },
  ])("of the path $path: $is, because $because", ({ path, is }) => expect(isRepeatablePath(path)).toBe(is));
});
