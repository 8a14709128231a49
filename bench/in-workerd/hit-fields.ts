let count = 0;

/** What a hit says, as long as it says it: `count` stands for what differs from response to response. */
export function hitFields(): Record<string, string> {
  count += 1;
  return {
    "cdn-cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-credits-charged": "0",
    "x-request-id": `0199c0de-0000-7000-8000-${String(count).padStart(12, "0")}`,
    "server-timing": "cache;desc=memory;dur=0",
    "ratelimit-policy": '"burst";q=1000000;w=1, "daily";q=1000000;w=86400, "monthly";q=1000000;w=2592000',
    ratelimit: `"burst";r=${1_000_000 - (count % 1_000)};t=1`,
    "cache-control": "private, max-age=65",
    "cache-status": "tikedge; hit; ttl=3595; detail=memory",
    age: "5",
    etag: '"abcdefghijklmnopqrstuv"',
    vary: "Accept-Encoding",
    "content-type": "application/json; charset=utf-8",
  };
}
