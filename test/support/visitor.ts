import type { Gateway } from "./gateway.ts";

export type Shown = {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Without markup, as it is read. */
  readonly text: string;
};

type Posted = {
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A secret that the page hands out: the pattern by which it is found in it. */
  readonly handsOut?: RegExp;
};

/** What a browser without scripts would be: it keeps cookies, knows forms by where they lead, and sends them from where they stand. */
export function visitor({ url, seen }: Pick<Gateway, "url" | "seen">) {
  const cookies = new Map<string, string>();
  let last = "";

  const send = async (path: string, init: RequestInit, handsOut?: RegExp): Promise<Shown> => {
    const headers = new Headers({ accept: "text/html", ...(init.headers as Record<string, string>) });
    if (cookies.size > 0) headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(`${url}${path}`, { redirect: "manual", ...init, headers });
    for (const field of response.headers.getSetCookie()) keep(cookies, field);
    const html = await response.text();
    seen.answered(response, html, handsOut === undefined ? undefined : handsOut.exec(html)?.[0]);
    last = html;
    return { status: response.status, headers: response.headers, html, text: readable(html) };
  };

  return {
    cookies,
    get: (path: string, headers: Readonly<Record<string, string>> = {}) => send(path, { headers }),
    /** Sends what is given, and of the last page's form that leads there the hidden fields. */
    post: (path: string, { fields = {}, headers = {}, handsOut }: Posted = {}) => {
      const body = new URLSearchParams(hiddenFields(last, path));
      for (const [name, values] of Object.entries(fields)) {
        body.delete(name);
        for (const value of [values].flat()) body.append(name, value);
      }
      if (path.endsWith("/sign-in")) seen.secret("a credential to sign in with", body.get("key") ?? "");
      if (path.endsWith("/upstream-key")) seen.pasted({ key: body.get("key") });
      return send(path, { method: "POST", body, headers: { origin: url, ...headers } }, handsOut);
    },
  };
}

export type Visitor = ReturnType<typeof visitor>;

function keep(cookies: Map<string, string>, field: string): void {
  const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(field) ?? [];
  if (/; Max-Age=0(;|$)/.test(field)) cookies.delete(name);
  else cookies.set(name, value);
}

function hiddenFields(html: string, action: string): readonly [string, string][] {
  const forms = html.split("<form ").map((form) => form.split("</form>")[0] ?? "");
  const form = forms.find((form) => form.includes(`action="${action}"`)) ?? "";
  return Array.from(
    form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g),
    ([, name = "", value = ""]) => [name, value],
  );
}

function readable(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}
