import { earliestExpiryMs } from "./media-expiry.ts";

const LONGEST_URL = 2_000;

/**
 * The address of a picture that a page may show which is looked at until `untilMs`: https, and not expired by then as far as it says itself.
 * Nothing otherwise, for a broken picture is worse than none. Unix milliseconds.
 */
export function livingPicture(url: string, { nowMs, untilMs }: { nowMs: number; untilMs: number }): string | undefined {
  if (url.length > LONGEST_URL || !URL.canParse(url)) return undefined;
  const { protocol, username, href } = new URL(url);
  if (protocol !== "https:" || username !== "") return undefined;
  return earliestExpiryMs(href, nowMs) > untilMs ? href : undefined;
}
