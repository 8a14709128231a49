import * as fc from "fast-check";
import type { Parameter } from "../../src/core/catalogue.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import { speltOf, valueOf, writtenTo } from "./spellings.ts";

/** Some call, spelt somehow, of so few values that in a crowd of them every one has others that mean the same or almost the same. */
export const closeCall = fc
  .constantFrom(...endpoints)
  .chain((endpoint) => writtenTo(endpoint, closeValueOf))
  .chain((meant) => speltOf(meant).map((search) => ({ path: meant.endpoint.path, search })));

/** Values that differ by as little as two can: what one spelling makes of the first must not be what another makes of the second. */
function closeValueOf(parameter: Parameter): fc.Arbitrary<string> {
  switch (parameter.kind) {
    case "handle":
      return fc.constantFrom("a", "a.", "a_", "aa");
    case "numeric-id":
      return fc.constantFrom("1", "10", "2");
    case "count":
      return fc.constantFrom("1", "10");
    case "cursor":
      return fc.constantFrom("1", "10", "01", "00", "a+b", "a b");
    case "text":
    case "hashtag":
      return fc.constantFrom("a", "A", "a b", "a+b", "a&b", "a'b", "a%27b", "%41", "é", "e\u0301");
    case "post-url":
      return fc.constantFrom(
        "https://www.tiktok.com/@placeholder/video/1",
        "https://www.tiktok.com/@placeholder/video/10",
        "https://vm.tiktok.com/AAAAA/",
        "https://vt.tiktok.com/AAAAA/",
        "https://vm.tiktok.com/aAAAA/",
      );
    case "url":
      return fc.constantFrom(
        "https://ads.tiktok.com/a?b=1",
        "https://ads.tiktok.com/a?b=1&c",
        "https://ads.tiktok.com/a",
      );
    case "unix-time":
    case "region":
    case "choice":
      return valueOf(parameter);
    default:
      return parameter.kind satisfies never;
  }
}
