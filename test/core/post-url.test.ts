import { describe, expect, it } from "vitest";
import { canonicalPostUrl, canonicalTiktokUrl } from "../../src/core/post-url.ts";

const id = "7106594312292453675";
const canonical = `https://www.tiktok.com/@placeholder/video/${id}`;

describe("a post's URL", () => {
  it.each([
    { text: `https://www.tiktok.com/@tiktok/video/${id}`, because: "this is how TikTok writes it" },
    { text: `https://www.tiktok.com/@another.one/video/${id}`, because: "the upstream ignores the handle" },
    { text: `https://www.tiktok.com/@tiktok/photo/${id}`, because: "photo and video share their ids" },
    { text: `https://www.tiktok.com/video/${id}`, because: "the handle may be missing" },
    { text: `https://www.tiktok.com/@/video/${id}`, because: "the handle may be empty" },
    { text: `https://www.tiktok.com/%40tiktok/video/${id}`, because: "the @ may be escaped" },
    { text: `https://www.tiktok.com/@tiktok/video/${id}/`, because: "a trailing slash says nothing" },
    { text: `https://www.tiktok.com/@tiktok/video/${id}?is_from_webapp=1&lang=en`, because: "tracking says nothing" },
    { text: `https://www.tiktok.com/@tiktok/video/${id}#comments`, because: "a fragment says nothing" },
    { text: `http://www.tiktok.com/@tiktok/video/${id}`, because: "http is redirected to https" },
    { text: `HTTPS://WWW.TIKTOK.COM/@tiktok/video/${id}`, because: "scheme and host have no case" },
    { text: `https://tiktok.com/@tiktok/video/${id}`, because: "www may be missing" },
    { text: `https://m.tiktok.com/@tiktok/video/${id}`, because: "the mobile site shows the same post" },
    { text: `https://www.tiktok.com:443/@tiktok/video/${id}`, because: "the scheme's own port is no port" },
    { text: id, because: "the digits are all that names a post" },
  ])("$text is one post: $because", ({ text }) => expect(canonicalPostUrl(text)).toBe(canonical));

  it.each([
    { text: "https://vm.tiktok.com/ZMabc123/", is: "https://vm.tiktok.com/ZMabc123/", because: "it is canonical" },
    {
      text: "http://VM.tiktok.com/ZMabc123?k=1#x",
      is: "https://vm.tiktok.com/ZMabc123/",
      because: "the code is all that counts",
    },
    {
      text: "https://vt.tiktok.com/ZMabc123",
      is: "https://vt.tiktok.com/ZMabc123/",
      because: "another host is another link",
    },
    { text: "https://vm.tiktok.com/ZMABC123", is: "https://vm.tiktok.com/ZMABC123/", because: "codes have case" },
    { text: "https://www.tiktok.com/t/ZTabc/", is: "https://www.tiktok.com/t/ZTabc/", because: "it is canonical" },
    { text: "https://tiktok.com/t/ZTabc", is: "https://www.tiktok.com/t/ZTabc/", because: "www may be missing" },
    { text: "https://t.tiktok.com/ZTabc", is: "https://t.tiktok.com/ZTabc/", because: "t. is a short host of its own" },
  ])("$text stays a short link: $because", ({ text, is }) => expect(canonicalPostUrl(text)).toBe(is));

  it.each([
    { text: `https://tiktok.com.evil.example/@a/video/${id}`, because: "the host only begins like TikTok's" },
    { text: `https://eviltiktok.com/@a/video/${id}`, because: "the host only ends like TikTok's" },
    { text: `https://evil.example/https://www.tiktok.com/@a/video/${id}`, because: "TikTok is only in the path" },
    { text: `https://www.tiktok.com@evil.example/@a/video/${id}`, because: "TikTok is only the user name" },
    { text: `https://a:b@www.tiktok.com/@a/video/${id}`, because: "a password has no business here" },
    { text: `https://www.tiktok.com:8443/@a/video/${id}`, because: "TikTok has no other port" },
    { text: `https://www.tiktok.com./@a/video/${id}`, because: "a rooted host name is another text" },
    { text: `https://ads.tiktok.com/@a/video/${id}`, because: "there are no posts on other hosts" },
    { text: `https:\\\\www.tiktok.com\\@a\\video\\${id}`, because: "backslashes are no slashes" },
    { text: `https://www.tik\ntok.com/@a/video/${id}`, because: "the parser would drop the line end" },
    { text: ` https://www.tiktok.com/@a/video/${id}`, because: "the parser would drop the space" },
    { text: `https:www.tiktok.com/@a/video/${id}`, because: "the parser would add the slashes" },
    { text: `www.tiktok.com/@a/video/${id}`, because: "the scheme is missing" },
    { text: `javascript://www.tiktok.com/@a/video/${id}`, because: "the scheme is another" },
    { text: `file://www.tiktok.com/@a/video/${id}`, because: "the scheme is another" },
    { text: `https://www.tiktok.com/@a/video/${id}/extra`, because: "something follows the id" },
    { text: `https://www.tiktok.com/@a/video/0${id}`, because: "a leading zero makes it another id" },
    { text: "https://www.tiktok.com/@a/video/123456789012345678901", because: "ids have at most 20 digits" },
    { text: "https://www.tiktok.com/@a/video/abc", because: "ids are digits" },
    { text: "https://www.tiktok.com/@a", because: "it is a profile" },
    { text: "https://www.tiktok.com/", because: "it is the front page" },
    { text: "https://vm.tiktok.com/", because: "the code is missing" },
    { text: "https://vm.tiktok.com/a/b", because: "a code is one segment" },
    { text: "not a url", because: "it is none" },
    { text: "", because: "it is empty" },
  ])("$text names no post: $because", ({ text }) => expect(canonicalPostUrl(text)).toBeUndefined());
});

describe("an ad's URL", () => {
  it.each([
    {
      text: "https://ads.tiktok.com/a?id=1&b=2#x",
      is: "https://ads.tiktok.com/a?id=1&b=2",
      because: "only the fragment goes",
    },
    { text: "https://TikTok.com", is: "https://tiktok.com/", because: "the URL standard has one spelling" },
    {
      text: "https://www.tiktok.com/@A/video/1/",
      is: "https://www.tiktok.com/@A/video/1/",
      because: "nothing else is known of it",
    },
  ])("$text is kept as $is: $because", ({ text, is }) => expect(canonicalTiktokUrl(text)).toBe(is));

  it.each([
    { text: "http://ads.tiktok.com/a", because: "it is not https" },
    { text: "https://tiktok.com.evil.example/", because: "the host is another" },
    { text: "https://user@ads.tiktok.com/", because: "it carries a user name" },
    { text: "https://127.0.0.1/", because: "the host is an address" },
  ])("$text is refused: $because", ({ text }) => expect(canonicalTiktokUrl(text)).toBeUndefined());
});
