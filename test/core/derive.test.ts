import { describe, expect, it } from "vitest";
import { answerKey } from "../../src/core/answer-key.ts";
import type { Outcome } from "../../src/core/charge.ts";
import { aliasesOf, derived } from "../../src/core/derive.ts";
import { callTo } from "./calls.ts";

type Given = { asked: string; text: string; outcome?: Outcome };

/** The body is parsed from text, as a reply's is: only so does `__proto__` become a key of it. */
function sourceOf({ asked, text, outcome = "success" }: Given) {
  const [path = "", search = ""] = asked.split("?");
  return { call: callTo(path, search), outcome, json: JSON.parse(text) as unknown };
}

const keyOf = (call: ReturnType<typeof callTo>) =>
  answerKey({ call, scope: "pool:default", tier: "plain", namespaceVersion: "1" }).identity;

const keyAt = (asked: string) => keyOf(sourceOf({ asked, text: "{}" }).call);

const profile = (user: object, more: object = { stats: { heart: 1 } }) => JSON.stringify({ user, ...more });
const tiktok = { id: "107955", uniqueId: "tiktok" };
const food = JSON.stringify({ id: "42", cha_name: "Food", view_count: 7 });

const byName = "/userinfo-by-username/?username=tiktok";
const byId = "/userinfo-by-id/?userid=107955";
const userId = "/userid/?username=tiktok";
const tagByName = "/challenge-info-name/?name=Food";
const tagById = "/challenge-info-id/?id=42";

/** A body that stands for its source's own. */
const own = null;
const id = '{"id":"107955"}';

describe("one paid answer", () => {
  it.each([
    { asked: byName, text: profile(tiktok), answers: { [byId]: own, [userId]: id }, because: "it is one profile" },
    { asked: byId, text: profile(tiktok), answers: { [byName]: own, [userId]: id }, because: "it names its handle" },
    { asked: tagByName, text: food, answers: { [tagById]: own }, because: "it is one hashtag" },
    { asked: tagById, text: food, answers: { [tagByName]: own }, because: "it names itself, in its own case" },
    {
      asked: byName,
      text: profile({ ...tiktok, uniqueId: "TikTok" }),
      answers: { [byId]: own, [userId]: id },
      because: "handles have no case",
    },
    {
      asked: byId,
      text: profile({ ...tiktok, uniqueId: "TikTok" }),
      answers: { [byName]: own, [userId]: id },
      because: "the keys are those of a client's call, which are in lower case",
    },
    {
      asked: byName,
      text: profile({ ...tiktok, stats: { heart: 1 } }, { stats: null }),
      answers: { [byId]: own, [userId]: id },
      because: "wherever the counters stand, they stand there for both",
    },
    {
      asked: "/userinfo-by-username/?username=__proto__",
      text: profile({ id: "5", uniqueId: "__proto__" }),
      answers: { "/userinfo-by-id/?userid=5": own, "/userid/?username=__proto__": '{"id":"5"}' },
      because: "a prototype's name is a handle like any other",
    },
    {
      asked: "/challenge-info-id/?id=7",
      text: JSON.stringify({ id: "7", cha_name: "été&x=1+🎉" }),
      answers: { "/challenge-info-name/?name=%C3%A9t%C3%A9%26x%3D1%2B%F0%9F%8E%89": own },
      because: "what a URL takes for its own is part of the name",
    },
  ])("to $asked, $text, answers $answers: $because", ({ asked, text, answers }) => {
    const source = sourceOf({ asked, text });
    const got = derived(source);
    const expected = Object.entries(answers).map(([call, body]) => [keyAt(call), body]);
    expect(got.map(({ call, body }) => [keyOf(call), body])).toEqual(expected);
    for (const { outcome, json, body } of got) {
      expect(outcome).toBe("success");
      expect(json).toEqual(body === null ? source.json : JSON.parse(body));
    }
  });

  it.each([
    { asked: byName, text: '{"user":null,"stats":{}}', because: "there is no user in it" },
    { asked: byName, text: '{"user":[],"stats":{}}', because: "PHP writes an empty user as a list" },
    { asked: byName, text: "[]", because: "it is no record" },
    { asked: byName, text: "null", because: "it is nothing" },
    { asked: byName, text: profile({ ...tiktok, id: 107955 }), because: "a number may have lost its last digits" },
    { asked: byName, text: profile({ ...tiktok, id: "10x" }), because: "an id is digits" },
    { asked: byName, text: profile({ ...tiktok, id: "" }), because: "an empty id is none" },
    { asked: byName, text: profile({ ...tiktok, id: "0" }), because: "zero stands for no id" },
    { asked: byName, text: profile({ ...tiktok, id: "0107955" }), because: "an id has no leading zeros" },
    { asked: byName, text: profile({ ...tiktok, id: "1".repeat(21) }), because: "no client could ask for it" },
    { asked: byName, text: profile({ ...tiktok, id: null }), because: "null is no id" },
    { asked: byName, text: profile({ ...tiktok, id: ["107955"] }), because: "a list is no id" },
    { asked: byName, text: profile({ id: "107955" }), because: "whose profile it is remains unsaid" },
    { asked: byName, text: profile({ ...tiktok, uniqueId: null }), because: "null is no handle" },
    { asked: byName, text: profile({ ...tiktok, uniqueId: "tiktok2" }), because: "the handle has changed" },
    { asked: byName, text: profile({ ...tiktok, uniqueId: "@tiktok" }), because: "a handle in a record has no @" },
    { asked: byId, text: profile({ ...tiktok, id: "107956" }), because: "it is somebody else's" },
    { asked: byId, text: profile({ ...tiktok, uniqueId: "" }), because: "an empty handle is none" },
    { asked: byId, text: profile({ ...tiktok, uniqueId: "tik tok" }), because: "no client could ask for it" },
    { asked: byId, text: profile({ ...tiktok, uniqueId: "a&username=b" }), because: "no handle has such letters" },
    { asked: byId, text: profile({ ...tiktok, uniqueId: "\u212Aelvin" }), because: "its lower case is another's" },
    { asked: byName, text: JSON.stringify({ stats: {}, ...tiktok }), because: "a user stands under `user`" },
    { asked: byName, text: `{"__proto__":${profile(tiktok)},"stats":{}}`, because: "a prototype is no record" },
    { asked: byName, text: `{"user":{"__proto__":${JSON.stringify(tiktok)}}}`, because: "a prototype is no user" },
    { asked: tagByName, text: food.replace("Food", "food"), because: "whether case counts is unknown" },
    { asked: tagByName, text: food.replace("Food", "#Food"), because: "a name in a record has no #" },
    { asked: tagByName, text: food.replace("cha_name", "name"), because: "the name stands under cha_name" },
    { asked: tagByName, text: food.replace('"42"', "42"), because: "a number may have lost its last digits" },
    { asked: tagByName, text: food.replace("42", "4 2"), because: "an id is digits" },
    { asked: tagByName, text: food.replace("42", "0"), because: "zero stands for no id" },
    { asked: tagById, text: food.replace("42", "43"), because: "it is another hashtag" },
    { asked: tagById, text: food.replace("Food", ""), because: "an empty name is none" },
    { asked: tagById, text: food.replace("Food", "#Food"), because: "the # would get lost on the way" },
    { asked: tagById, text: food.replace("Food", "Food "), because: "the upstream may trim what it is asked" },
    { asked: tagById, text: food.replace("Food", "\\ud83c"), because: "half a letter has no place in a URL" },
    { asked: tagById, text: food.replace("Food", "a\\u0000"), because: "no client could ask for it" },
    { asked: tagById, text: food.replace("Food", "x".repeat(501)), because: "no client could ask for it" },
  ])("to $asked, $text, answers nothing else and proves no alias: $because", ({ asked, text }) => {
    const source = sourceOf({ asked, text });
    expect(derived(source)).toEqual([]);
    expect(aliasesOf(source)).toBeUndefined();
  });

  it.each([
    { asked: userId, text: id, because: "an id is no profile" },
    {
      asked: "/search-user/?keyword=tiktok",
      text: JSON.stringify({ user_list: [{ user: tiktok }], user: tiktok }),
      because: "who is listed was not asked for",
    },
    {
      asked: "/search-challenge/?keyword=food",
      text: JSON.stringify({ challenge_list: [JSON.parse(food)] }),
      because: "a list is no record",
    },
    {
      asked: "/user-posts/?userid=107955&count=35",
      text: JSON.stringify({ videos: [{ video_id: "1" }], user: tiktok }),
      because: "a longer page may be cut otherwise than a shorter one",
    },
    { asked: "/music-info/?music_id=42", text: food, because: "only hashtags are asked for by name" },
    { asked: "/playlist-info/?playlist_id=42", text: food, because: "only hashtags are asked for by name" },
  ])("to $asked answers nothing else: $because", ({ asked, text }) => {
    expect(derived(sourceOf({ asked, text }))).toEqual([]);
  });

  it.each(["hollow", "empty", "account_error", "unclear_error", "server_error", "truncated", "client_error"] as const)(
    "that is %s answers nothing, whatever stands in it",
    (outcome) => {
      for (const asked of [byName, byId, userId]) {
        const source = sourceOf({ asked, text: profile(tiktok, { id: "107955", message: "Not found user" }), outcome });
        expect(derived(source)).toEqual([]);
        expect(aliasesOf(source)).toBeUndefined();
      }
    },
  );
});

const missing = '{"status":"error","message":"Not found user"}';

describe("a not-found", () => {
  it("of a profile by its handle answers the id of that handle with the same bytes", () => {
    const source = sourceOf({
      asked: "/userinfo-by-username/?username=%40TikTok",
      text: missing,
      outcome: "not_found",
    });
    expect(derived(source)).toEqual([
      { call: callTo("/userid/", "username=tiktok"), outcome: "not_found", json: source.json, body: null },
    ]);
    expect(aliasesOf(source)).toBeUndefined();
  });

  it.each([
    { asked: byId, text: missing, because: "no handle was asked for" },
    { asked: userId, text: missing, because: "the id may be what is missing" },
    { asked: tagByName, text: missing, because: "no rule says so" },
    { asked: tagById, text: missing, because: "no rule says so" },
    { asked: byName, text: missing.replace("Not found user", "This user is Private"), because: "the user exists" },
    { asked: byName, text: '{"status":"error"}', because: "it does not say what is missing" },
    { asked: byName, text: '{"status":"error","message":null}', because: "it does not say what is missing" },
  ])("to $asked, $text, answers nothing else: $because", ({ asked, text }) => {
    expect(derived(sourceOf({ asked, text, outcome: "not_found" }))).toEqual([]);
  });
});

describe("a success", () => {
  it.each([
    { asked: "/userid/?username=%40TikTok", text: id, because: "the question has the handle, the answer the id" },
    { asked: byName, text: profile(tiktok), because: "the profile has both" },
    { asked: byId, text: profile(tiktok), because: "the profile has both" },
  ])("to $asked proves who is who: $because", ({ asked, text }) => {
    expect(aliasesOf(sourceOf({ asked, text }))).toEqual(["user:107955", "user:@tiktok"]);
  });

  it.each([tagByName, tagById])("to %s proves which hashtag it is", (asked) => {
    expect(aliasesOf(sourceOf({ asked, text: food }))).toEqual(["challenge:42", "challenge:#Food"]);
  });

  it.each([
    { asked: userId, text: '{"id":107955}', because: "a number may have lost its last digits" },
    { asked: userId, text: '{"id":"0"}', because: "zero stands for no id" },
    { asked: userId, text: '{"id":null}', because: "null is no id" },
    { asked: userId, text: '{"__proto__":{"id":"1"}}', because: "a prototype is no answer" },
    { asked: "/user-posts/?userid=107955", text: '{"videos":[{}],"id":"1"}', because: "no name is in it" },
    { asked: "/region-list/", text: '{"id":"1"}', because: "it is about nobody" },
  ])("to $asked, $text, proves no alias: $because", ({ asked, text }) => {
    expect(aliasesOf(sourceOf({ asked, text }))).toBeUndefined();
  });
});
