import { expect, it } from "vitest";
import { throughCache } from "../../src/pages/tags/through-cache.ts";

const from = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET") =>
  throughCache(new Request(url, { method, headers }));

it("hands on nothing that is in the cache's key but the path, or anybody could have a page made as often as they like", () => {
  const request = from("https://tikedge.example/tags/cats?utm_source=x#part", {
    "x-forwarded-host": "evil.example",
    "x-original-url": "/other",
    "x-http-method-override": "POST",
    forwarded: "host=evil.example",
    "cloudflare-workers-version-key": "1",
  });
  expect(request.url).toBe("https://tikedge.example/tags/cats");
  expect([...request.headers.keys()]).toEqual(["tikedge-visitor"]);
});

it("hands on no credential, for which the cache would step aside, and a page is everybody's", () => {
  const request = from("https://tikedge.example/tags/cats", {
    authorization: "Bearer tke_live_x",
    "x-api-key": "tke_live_x",
    cookie: "__Host-session=x",
  });
  expect([...request.headers.keys()]).toEqual(["tikedge-visitor"]);
});

it("says whom limits count the visit for, which nobody says of themselves", () => {
  const ofAddress = (address: string) =>
    from("https://tikedge.example/tags", { "cf-connecting-ip": address, "tikedge-visitor": "forged" });
  expect(ofAddress("192.0.2.1").headers.get("tikedge-visitor")).toBe("192.0.2.1");
  expect(ofAddress("2001:db8:1:2:3:4:5:6").headers.get("tikedge-visitor")).toBe("2001:db8:1:2::/64");
});

it("leaves redirects to the visitor, and says what the visitor has already", () => {
  const request = from("https://tikedge.example/tags/Cats", { "if-none-match": '"a"', accept: "text/html" }, "HEAD");
  expect([request.redirect, request.method]).toEqual(["manual", "HEAD"]);
  expect(request.headers.get("if-none-match")).toBe('"a"');
  expect(request.headers.get("accept")).toBe("text/html");
});
