import { createHash } from "node:crypto";
import { MISSING_ID_PREFIX, MISSING_NAME_PREFIX } from "./markers.ts";
import { timedId } from "./world/posts.ts";

const SHORT_HOSTS = new Set(["vm.tiktok.com", "vt.tiktok.com"]);
const YEAR_SECONDS = 365 * 86_400;

/** The post that a TikTok URL leads to: by the digits after `video` or `photo`, whoever's handle is before them, or by a short link's code. */
export function postIdOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/(^|\.)tiktok\.com$/.test(url.hostname))
    return undefined;
  const digits = /\/(?:video|photo)\/(\d{1,19})\/?$/.exec(url.pathname)?.[1];
  if (digits !== undefined) return digits;
  const path = SHORT_HOSTS.has(url.hostname) ? /^\/(\w+)\/?$/ : /^\/t\/(\w+)\/?$/;
  const code = path.exec(url.pathname)?.[1];
  return code === undefined ? undefined : idBehind(code);
}

/** A short link leads to the same post for ever, made in 2022 or 2023. */
function idBehind(code: string): string {
  if (code.toLowerCase().startsWith(MISSING_NAME_PREFIX)) return MISSING_ID_PREFIX;
  const hash = createHash("sha256").update(code).digest().readUInt32BE();
  return timedId(Date.UTC(2022, 0, 1) / 1000 + (hash % (2 * YEAR_SECONDS)), code);
}
