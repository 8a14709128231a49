import type { Redis } from "@upstash/redis/cloudflare";
import type { LedgerBacklog, Waiting } from "../core/platform-ports.ts";
import { OPEN, OUTBOX } from "./upstash-ledger.ts";
import { answering } from "./upstash-redis.ts";

/** KEYS: ids by time. Returns for each how many there are and the time of the first, if there is one. 2 commands a key. */
const READ = `
local read = {}
for _, key in ipairs(KEYS) do
  read[#read + 1] = tostring(redis.call("ZCARD", key))
  read[#read + 1] = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2] or ""
end
return read
`;

/** What waits in the ledger's Redis. */
export function upstashLedgerBacklog(redis: Redis): LedgerBacklog {
  const read = redis.createScript<readonly string[]>(READ);
  return {
    async backlog() {
      const [open, openSince, settled, settledSince] = await answering(read.exec([OPEN[1], OUTBOX[1]], []));
      return [waiting("reservations", open, openSince), waiting("outbox", settled, settledSince)];
    },
  };
}

function waiting(name: Waiting["name"], count: string | undefined, since: string | undefined): Waiting {
  return { name, waiting: Number(count), sinceMs: since === undefined || since === "" ? null : Number(since) };
}
