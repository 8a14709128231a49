import { describe, expect, it } from "vitest";
import { newKeyOf } from "../../../src/pages/dashboard/key-forms.tsx";
import { listPath, Paging } from "../../../src/pages/dashboard/paging.tsx";
import { windowsAsked } from "../../../src/pages/dashboard/windows-form.tsx";
import { markup } from "../../support/markup.ts";

describe("a form for a key asks /v1", () => {
  it.each([
    {
      form: "kind=secret&permissions=data&permissions=manage",
      asks: { permissions: ["data", "manage"] },
      because: "what is left empty is as /v1 has it",
    },
    {
      form: "kind=secret&name=+Server+&endpoints=%2Fuserid%2F%0D%0A%2Fregion-list%2F%2C&expires=2027-01-31",
      asks: {
        name: "Server",
        permissions: [],
        endpoints: ["/userid/", "/region-list/"],
        expires_at: "2027-01-31T00:00:00Z",
      },
      because: "lists are lines, spaces or commas, and no permission is none, not the usual one",
    },
    {
      form: "kind=publishable&origins=https%3A%2F%2Fa.example+https%3A%2F%2Fb.example&daily_requests=ten&permissions=manage",
      asks: {
        kind: "publishable",
        origins: ["https://a.example", "https://b.example"],
        endpoints: [],
        daily_requests: "ten",
      },
      because: "a publishable key has no permissions, and what is no number is left for /v1 to refuse",
    },
  ])("$form: $because", ({ form, asks }) => {
    expect(newKeyOf(new URLSearchParams(form))).toEqual(asks);
  });
});

describe("a form for windows asks /v1", () => {
  it.each([
    { form: "", asks: null, because: "nothing filled in gives all of them up" },
    {
      form: "userinfo.fresh=60&userinfo.stale=0&feed.fresh=&feed.stale=+",
      asks: { userinfo: { fresh_seconds: 60, stale_seconds: 0 } },
      because: "a class that is left empty is as for everybody",
    },
    {
      form: "feed.fresh=1.5&feed.stale=",
      asks: { feed: { fresh_seconds: "1.5", stale_seconds: "" } },
      because: "what is not a whole number is refused by name, not rounded or filled in",
    },
    { form: "__proto__.fresh=1&constructor.stale=1", asks: null, because: "there is no such class" },
  ])("for $form: $because", ({ form, asks }) => {
    expect(windowsAsked(new URLSearchParams(form))).toEqual(asks);
  });
});

describe("a long list", () => {
  const paging = (query: Record<string, string | undefined>, next: string | null) =>
    markup(Paging, { path: "/dashboard/audit", next, query });

  it("leads on to what is older, with what was asked for, and back to the beginning", () => {
    const html = paging({ status: "dead", cursor: "b" }, `c"><script>`);
    expect(html).toContain('href="/dashboard/audit?status=dead"');
    expect(html).toContain('href="/dashboard/audit?status=dead&amp;cursor=c%22%3E%3Cscript%3E"');
  });

  it("that is all there is leads nowhere", () => {
    expect(paging({ cursor: undefined }, null)).not.toContain("href");
  });

  it("is asked for without what a form left empty", () => {
    expect(listPath("/v1/audit", { status: "", cursor: undefined })).toBe("/v1/audit");
  });
});
