import { Hono, type Context, type MiddlewareHandler } from "hono";
import { hashtagIn, hashtagName, hashtagPath } from "../../core/hashtag-name.ts";
import { livingPicture } from "../../core/living-picture.ts";
import { absentFields, hashtagTags, pageFields, WHILE_REVALIDATING_SECONDS } from "../../core/page-cache.ts";
import { problems } from "../../core/problem.ts";
import { begin } from "../begin.ts";
import { pageResponse } from "../render.ts";
import type { PagesEnv } from "../request.ts";
import { HashtagPage } from "./hashtag-page.tsx";
import { loadHashtag, type LoadPorts } from "./load.ts";
import { MissingPage } from "./missing-page.tsx";
import { keptPage, keptText } from "./respond.ts";
import { risingHashtags } from "./rising.ts";
import { robots, sitemap } from "./sitemap.ts";
import { visitOf } from "./through-cache.ts";
import { TrendingPage } from "./trending-page.tsx";

export type PublicPagesPorts = LoadPorts & {
  readonly newRequestId: () => string;
  readonly warmKeywords: readonly string[];
};

const MOST = { trending: 50, sitemap: 5_000 };
const RISING_DAYS = 7;
const KNOWN_DAYS = 90;
const LIST_SECONDS = 300;

/**
 * What anybody may look at, behind a cache that answers without asking: so nothing here depends on who asks, and nobody's key, cookie or
 * language is read.
 */
export const publicPagesRoute = (s: PublicPagesPorts) =>
  new Hono<PagesEnv>()
    .use(begin(s), readOnly)
    .get("/tags", trending(s))
    .get("/tags/*", hashtag(s))
    .get("/sitemap.xml", siteMap(s))
    .get("/robots.txt", (c) => keptText(c.req.raw, robots(originOf(c)), { freshSeconds: LIST_SECONDS, tags: [] }))
    .all("*", (c) => {
      throw problems.unknownEndpoint(c.req.path);
    });

/** Before anything that could be asked. */
const readOnly: MiddlewareHandler<PagesEnv> = async function readOnly({ req }, next) {
  if (req.method !== "GET" && req.method !== "HEAD") throw problems.methodNotAllowed("GET, HEAD");
  return next();
};

function hashtag(s: PublicPagesPorts) {
  const load = loadHashtag(s);
  return async function hashtag(c: Context<PagesEnv>): Promise<Response> {
    const { pathname } = new URL(c.req.url);
    if (pathname === "/tags/") return moved("/tags");
    const name = hashtagIn(pathname);
    if (name === undefined) throw problems.invalidParameters([{ name: "name", reason: "is not a hashtag" }]);
    if (pathname !== hashtagPath(name)) return moved(hashtagPath(name));
    const loaded = await load(name, visitOf(c));
    if (loaded === undefined)
      return pageResponse(<MissingPage name={name} />, {
        status: 404,
        headers: absentFields(hashtagTags({ id: null, name })),
      });
    const nowMs = s.clock();
    const freshSeconds = Math.max(0, Math.floor((loaded.freshUntilMs - nowMs) / 1_000));
    const untilMs = nowMs + (freshSeconds + WHILE_REVALIDATING_SECONDS) * 1_000;
    const pictureOf = (url: string) => livingPicture(url, { nowMs, untilMs });
    const page = <HashtagPage hashtag={loaded} origin={originOf(c)} pictureOf={pictureOf} />;
    return keptPage(c.req.raw, page, { freshSeconds, tags: hashtagTags({ id: loaded.info.id, name }) });
  };
}

function trending(s: PublicPagesPorts) {
  const risingNow = risingHashtags(s, RISING_DAYS, MOST.trending);
  return async function trending(c: Context<PagesEnv>): Promise<Response> {
    const { rising, freshSeconds } = await risingNow();
    const shown = new Set(rising.map(({ name }) => name));
    const warm = s.warmKeywords.map(hashtagName).filter((name) => name !== undefined);
    const others = [...new Set(warm)].filter((name) => !shown.has(name));
    const page = <TrendingPage rising={rising} others={others} origin={originOf(c)} />;
    return keptPage(c.req.raw, page, { freshSeconds, tags: ["trending"] });
  };
}

function siteMap(s: PublicPagesPorts) {
  const known = risingHashtags(s, KNOWN_DAYS, MOST.sitemap);
  return async function siteMap(c: Context<PagesEnv>): Promise<Response> {
    const { rising, freshSeconds } = await known();
    return keptText(c.req.raw, sitemap(rising, originOf(c)), { freshSeconds, tags: ["trending"] });
  };
}

function moved(location: string): Response {
  return new Response(null, {
    status: 301,
    headers: { location, ...pageFields({ freshSeconds: LIST_SECONDS, tags: [] }) },
  });
}

/** The cache's key has no host in it: of two names of one deployment the first that is asked for is the one that pages name. */
function originOf(c: Context<PagesEnv>): string {
  return new URL(c.req.url).origin;
}
