import type { RisingHashtag } from "../../core/hashtag-history.ts";
import { hashtagPath } from "../../core/hashtag-name.ts";
import type { Rendered } from "../request.ts";

const PLAIN = { "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'" };

/** The pages that a search engine is to know of (sitemaps.org, protocol 0.9). */
export function sitemap(known: readonly Pick<RisingHashtag, "name" | "day">[], origin: string): Rendered {
  const urls = [
    `<url><loc>${origin}/</loc></url>`,
    `<url><loc>${origin}/tags</loc></url>`,
    // A path has no character that means something in XML: all are percent-encoded but `'`, which means nothing here.
    ...known.map(({ name, day }) => `<url><loc>${origin}${hashtagPath(name)}</loc><lastmod>${day}</lastmod></url>`),
  ];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.join("\n")}\n</urlset>\n`;
  return { body, headers: { "content-type": "application/xml; charset=utf-8", ...PLAIN } };
}

/** What a crawler may read (RFC 9309): pages, and nothing that needs a key. */
export function robots(origin: string): Rendered {
  const body = `User-agent: *\nAllow: /$\nAllow: /tags\nAllow: /docs/\nAllow: /static/\nDisallow: /\n\nSitemap: ${origin}/sitemap.xml\n`;
  return { body, headers: { "content-type": "text/plain; charset=utf-8", ...PLAIN } };
}
