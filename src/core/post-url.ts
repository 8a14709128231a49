const SCHEME = /^https?:\/\//i;

/** What the URL parser would silently drop or turn into a slash, and so let one URL pass for another. */
const MISREAD = /[\s\\\p{Cc}]/u;

const POST_HOSTS: ReadonlySet<string> = new Set(["tiktok.com", "www.tiktok.com", "m.tiktok.com"]);
const SHORT_HOSTS: ReadonlySet<string> = new Set(["vm.tiktok.com", "vt.tiktok.com", "t.tiktok.com"]);

const POST_PATH = /^\/(?:(?:@|%40)[^/]*\/)?(?:video|photo)\/([1-9]\d{0,19})\/?$/i;
const SHORT_PATH = /^\/t\/([\w-]{1,64})\/?$/;
const CODE_PATH = /^\/([\w-]{1,64})\/?$/;

const POST_ID = /^[1-9]\d{0,19}$/;

/**
 * The one form of a post's URL that the upstream is sent, or nothing for what names no post on TikTok. `/video/ID` and `/photo/ID` with
 * the same digits name the same post and the upstream ignores the handle, so the form is built from the digits alone; bare digits mean
 * the same. A short link says nothing but its code, so it keeps host and code and never equals the post that it leads to.
 */
export function canonicalPostUrl(text: string): string | undefined {
  if (POST_ID.test(text)) return postUrl(text);
  const url = tiktokUrl(text);
  if (url === undefined) return undefined;
  const { hostname, pathname } = url;
  if (SHORT_HOSTS.has(hostname)) return shortUrl(hostname, CODE_PATH.exec(pathname)?.[1]);
  if (!POST_HOSTS.has(hostname)) return undefined;
  const id = POST_PATH.exec(pathname)?.[1];
  return id === undefined ? shortUrl("www.tiktok.com/t", SHORT_PATH.exec(pathname)?.[1]) : postUrl(id);
}

/** An https URL on TikTok as it was given, in the URL standard's own spelling and without its fragment, which is never sent. */
export function canonicalTiktokUrl(text: string): string | undefined {
  const url = tiktokUrl(text);
  if (url?.protocol !== "https:") return undefined;
  url.hash = "";
  return url.href;
}

/** Hosts are compared whole, for `tiktok.com.evil.example` begins and `eviltiktok.com` ends like one of theirs. */
function tiktokUrl(text: string): URL | undefined {
  if (MISREAD.test(text) || !SCHEME.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.port !== "") return undefined;
  return url.hostname === "tiktok.com" || url.hostname.endsWith(".tiktok.com") ? url : undefined;
}

/** The upstream is known to take this stand-in for a handle: clients that know only the id send it. */
function postUrl(id: string): string {
  return `https://www.tiktok.com/@placeholder/video/${id}`;
}

function shortUrl(base: string, code: string | undefined): string | undefined {
  return code === undefined ? undefined : `https://${base}/${code}/`;
}
