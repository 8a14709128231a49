import { Client } from "pg";
import * as v from "valibot";
import type { Running } from "../state.ts";

const DAYS = 40;
const DAY_MS = 86_400_000;

/** What a tenant asks for: the endpoint, and how many calls and hits on a usual day. */
const USUAL = [
  { endpoint: "/userinfo-by-username/", calls: 62, hits: 540 },
  { endpoint: "/userid/", calls: 24, hits: 610 },
  { endpoint: "/challenge-posts/", calls: 41, hits: 180 },
  { endpoint: "/post-detail/", calls: 33, hits: 95 },
  { endpoint: "/search-video/", calls: 28, hits: 44 },
] as const;

const ASKED = [
  "/userid/?username=tiktok",
  "/userinfo-by-username/?username=tiktok",
  "/challenge-info-name/?name=cooking",
  "/search-challenge/?keyword=cooking",
  "/region-list/",
] as const;

const HASHTAGS = ["cooking", "booktok", "gymtok", "plants", "streetfood"] as const;

/** A month of use, invented for the days that are over, and made for today. */
export async function leaveTraces(running: Running): Promise<void> {
  const { baseUrl, databaseUrl, upstreamUrl, tenants } = running;
  await fetch(`${upstreamUrl}/__mode`, { method: "POST", body: JSON.stringify({ p50Ms: 20, p99Ms: 60 }) });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const { id } of tenants) await inventPast(client, id);
    for (const [at, name] of HASHTAGS.entries()) await inventHashtag(client, await hashtagOf(running, name), at);
  } finally {
    await client.end();
  }
  for (const { apiKey } of tenants)
    for (const path of [...ASKED, ...ASKED, ...ASKED])
      await (await fetch(`${baseUrl}${path}`, { headers: { "x-api-key": apiKey } })).text();
}

/** What hashtags counted for two weeks, up to what the upstream says of them. */
async function inventHashtag(client: Client, { id, name, views: now }: Hashtag, at: number): Promise<void> {
  const today = Math.floor(Date.now() / DAY_MS);
  for (let ago = 14; ago >= 1; ago -= 1) {
    const views = Math.round(now * (1 - (ago * (HASHTAGS.length - at)) / 200));
    await client.query(
      "INSERT INTO app.hashtag_history (challenge_id, day, name, users, views) VALUES ($1, $2, $3, $4, $5)",
      [id, new Date((today - ago) * DAY_MS), name, Math.round(views / 900), views],
    );
  }
}

type Hashtag = { readonly id: string; readonly name: string; readonly views: number };

async function hashtagOf({ baseUrl, tenants }: Running, name: string): Promise<Hashtag> {
  const headers = { "x-api-key": tenants[0]?.apiKey ?? "" };
  const asked = await fetch(`${baseUrl}/challenge-info-name/?name=${name}`, { headers });
  const { id, view_count: views } = v.parse(v.object({ id: v.string(), view_count: v.number() }), await asked.json());
  return { id, name, views };
}

/** The days before today, in the books alone: weekends are quiet, and it grows. The same at every start. */
async function inventPast(client: Client, tenantId: string): Promise<void> {
  const today = Math.floor(Date.now() / DAY_MS);
  for (let ago = DAYS; ago >= 1; ago -= 1) {
    const day = new Date((today - ago) * DAY_MS);
    const weekend = [0, 6].includes(day.getUTCDay()) ? 0.55 : 1;
    const factor = weekend * (1.15 - ago / 90 + 0.12 * Math.sin(ago * 1.7));
    for (const { endpoint, calls, hits } of USUAL) {
      const [called, hit] = [Math.round(calls * factor), Math.round(hits * factor)];
      const [memory, colo, redis, joined] = [0.52, 0.17, 0.22, 0.02].map((part) => Math.floor(hit * part));
      const stale = hit - [memory, colo, redis, joined].reduce<number>((sum, part) => sum + (part ?? 0), 0);
      await client.query(
        `INSERT INTO app.usage_daily_rollup (tenant_id, day, endpoint, calls, credits_charged, credits_in_doubt, hits, credits_saved,
           hits_memory, hits_colo, hits_redis, hits_joined, hits_stale)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
        [tenantId, day, endpoint, called, ago % 11 === 0 ? 1 : 0, hit, memory, colo, redis, joined, stale],
      );
    }
  }
}
