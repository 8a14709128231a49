import * as fc from "fast-check";
import type { Endpoint, Parameter } from "../../src/core/catalogue.ts";
import { endpoints } from "../../src/core/endpoints.ts";

type Written = readonly (readonly [name: string, value: string])[];

const digits = fc.bigInt({ min: 1n, max: 9_999_999_999_999_999_999n }).map(String);
const handle = fc.stringMatching(/^[a-z0-9._]{1,24}$/);
const code = fc.stringMatching(/^[A-Za-z0-9]{5,9}$/);
const text = fc
  .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .filter((value) => !/\p{Cc}|\p{Cs}/u.test(value));

/** A canonical value of a parameter; small ranges, so that two calls meet often. */
export function valueOf({ kind, choices = [] }: Parameter): fc.Arbitrary<string> {
  switch (kind) {
    case "handle":
      return handle;
    case "numeric-id":
      return fc.oneof(digits, fc.constantFrom("1", "2"));
    case "count":
      return fc.integer({ min: 1, max: 50 }).map(String);
    case "cursor":
    case "unix-time":
      return fc.constantFrom("1", "2", "1639312724000");
    case "text":
      return fc.oneof(text, fc.constantFrom("a", "A", "a&b", "a=b", "a+b", "%41"));
    case "hashtag":
      return text.filter((value) => !value.startsWith("#"));
    case "region":
      return fc.constantFrom("US", "DE");
    case "choice":
      return fc.constantFrom(...choices.slice(1));
    case "post-url":
      return fc.oneof(
        digits.map((id) => `https://www.tiktok.com/@placeholder/video/${id}`),
        code.map((short) => `https://vm.tiktok.com/${short}/`),
      );
    case "url":
      return code.map((page) => `https://ads.tiktok.com/${page}?a=1`);
    default:
      return kind satisfies never;
  }
}

/** A call by its canonical values, before anybody spells it. */
type Meant = { readonly endpoint: Endpoint; readonly values: Written };

/** A call to an endpoint with values from `valueOf`; what is optional is given half of the time. */
export function writtenTo(
  endpoint: Endpoint,
  valueOf: (parameter: Parameter) => fc.Arbitrary<string>,
): fc.Arbitrary<Meant> {
  const pairs = endpoint.parameters.map((parameter) => {
    const pair = valueOf(parameter).map((value) => [parameter.name, value] as const);
    return parameter.required ? pair : fc.option(pair, { nil: undefined, freq: 2 });
  });
  return fc.tuple(...pairs).map((values) => ({ endpoint, values: values.filter((value) => value !== undefined) }));
}

const written = fc.constantFrom(...endpoints).chain((endpoint) => writtenTo(endpoint, valueOf));

/** Some call, written plainly. */
export const anyCall = written.map(({ endpoint, values }) => ({ path: endpoint.path, search: plainly(values) }));

/** A call written plainly and once more in another way that means the same. */
export const spellings = written.chain((meant) =>
  speltOf(meant).map((spelt) => ({ path: meant.endpoint.path, plain: plainly(meant.values), spelt })),
);

/** One of the ways of writing a call: other texts for its values and for what is absent, other escapes, another order. */
export function speltOf({ endpoint, values }: Meant): fc.Arbitrary<string> {
  const given = new Set(values.map(([name]) => name));
  const absent = endpoint.parameters.filter(({ name }) => !given.has(name));
  const nothings = absent.map((parameter) => fc.constantFrom(...spellingsOfNothing(parameter)));
  const others = values.map(([name, value]) => fc.tuple(fc.constant(name), spellingOf(name, value)));
  return fc
    .tuple(fc.tuple(...nothings), fc.tuple(...others), fc.func(fc.boolean()), fc.infiniteStream(fc.nat()))
    .map(([nothing, other, escapes, order]) => {
      const pieces = [...nothing.filter((piece) => piece !== ""), ...other.map((pair) => escaped(pair, escapes))];
      const shuffled = pieces.map((piece) => ({ piece, at: order.next().value })).toSorted((a, b) => a.at - b.at);
      return `?${shuffled.map(({ piece }) => piece).join("&")}`;
    });
}

function plainly(values: Written): string {
  return values.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
}

function spellingsOfNothing({ name, kind }: Parameter): readonly string[] {
  const zeros =
    kind === "cursor" || kind === "choice" ? [`${name}=0`] : kind === "unix-time" ? [`${name}=0`, `${name}=00`] : [];
  return ["", name, `${name}=`, ...zeros];
}

/** Other texts for the same value: case and `@` of a handle, `#`, leading zeros of a count, and the many forms of a post's URL. */
function spellingOf(name: string, value: string): fc.Arbitrary<string> {
  if (name === "username") return fc.constantFrom(value, value.toUpperCase(), `@${value}`, `@${value.toUpperCase()}`);
  if (name === "name") return fc.constantFrom(value, `#${value}`);
  if (name === "count") return fc.constantFrom(value, `0${value}`);
  if (name === "region") return fc.constantFrom(value, value.toLowerCase());
  const id = /\/video\/(\d+)$/.exec(value)?.[1];
  if (name !== "url" || id === undefined) return fc.constant(value);
  const tail = fc.constantFrom("", "/", "?is_from_webapp=1&sender_device=pc", "#a", "/?_r=1#b");
  const head = fc.constantFrom("/video/", "/@/video/", "/photo/", "/@a/photo/", "/@b.c/video/", "/%40d/video/");
  const origin = fc.constantFrom(
    "https://www.tiktok.com",
    "http://tiktok.com",
    "HTTPS://M.TikTok.com",
    "https://www.tiktok.com:443",
  );
  const url = fc.tuple(origin, head, tail).map(([from, path, rest]) => `${from}${path}${id}${rest}`);
  return fc.oneof(url, fc.constant(id));
}

/** Percent-encodes what must be and, where `more` says so, what need not be; hex digits come in both cases. */
function escaped([name, value]: readonly [string, string], more: (character: string) => boolean): string {
  const characters = Array.from(value, (character) => {
    if (character === " " && more(character)) return "+";
    const ascii = character.length === 1 && character.charCodeAt(0) < 0x80;
    const escape = ascii && more(character) ? `%${character.charCodeAt(0).toString(16).padStart(2, "0")}` : undefined;
    return escape ?? encodeURIComponent(character);
  });
  return `${name}=${characters.join("")}`;
}
