import { startUpstream, type UpstreamOptions } from "../../dev/upstream/server.ts";

export const KEY = "key-of-the-test";
export const NOW_MS = Date.UTC(2026, 5, 15, 12, 34, 56);
export const POST = "url=https://www.tiktok.com/@who.ever/video/7123456789012345678";

export type Client = Awaited<ReturnType<typeof startClient>>;

/** An upstream whose clock stands still at `NOW_MS`, with one good key, and what a test does with it. */
export async function startClient(options: UpstreamOptions = {}) {
  const keys = { [KEY]: { state: "active", credits: null, downloadTier: true } } as const;
  const upstream = await startUpstream({ nowMs: NOW_MS, keys, ...options });
  const get = (path: string, init: RequestInit = {}) =>
    fetch(upstream.url + path, { redirect: "manual", headers: { "x-api-key": KEY }, ...init });
  const json = async <T>(path: string, init?: RequestInit) => (await (await get(path, init)).json()) as T;
  return {
    url: upstream.url,
    close: upstream.close,
    get,
    json,
    text: async (path: string) => (await get(path)).text(),
    /** An empty key is no key at all. */
    withKey: (key: string, path: string) => get(path, { headers: key === "" ? {} : { "x-api-key": key } }),
    post: <T>(path: string, body: unknown) => json<T>(path, { method: "POST", body: JSON.stringify(body) }),
    tally: async (key = KEY) => {
      const { keys } = await json<{ keys: Record<string, { calls: number; charged: number }> }>("/__meter");
      return { calls: keys[key]?.calls ?? 0, charged: keys[key]?.charged ?? 0 };
    },
  };
}
