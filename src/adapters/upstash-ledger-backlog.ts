import type { Redis } from "@upstash/redis/cloudflare";
import type { LedgerBacklog, Waiting } from "../core/platform-ports.ts";
import { WINDOWS } from "./upstash-clock-script.ts";
import { OPEN, OUTBOX } from "./upstash-ledger.ts";
import { answering } from "./upstash-redis.ts";

/** KEYS: the open reservations, the outbox's times. Returns for each how many there are and the time of the first, if there is one. 3 commands. */
const READ = `${WINDOWS}
local ids, first = redis.call("HKEYS", KEYS[1]), ""
for _, id in ipairs(ids) do
  if first == "" or timeOf(id) < first then first = timeOf(id) end
end
local outbox = redis.call("ZRANGE", KEYS[2], 0, 0, "WITHSCORES")[2] or ""
return { whole(#ids), first == "" and "" or whole(first), whole(redis.call("ZCARD", KEYS[2])), outbox }
`;

/** What waits in the ledger's Redis. */
export function upstashLedgerBacklog(redis: Redis): LedgerBacklog {
  const read = redis.createScript<readonly string[]>(READ);
  return {
    async backlog() {
      const [open, openSince, settled, settledSince] = await answering(read.exec([OPEN, OUTBOX[1]], []));
      return [waiting("reservations", open, openSince), waiting("outbox", settled, settledSince)];
    },
  };
}

function waiting(name: Waiting["name"], count: string | undefined, since: string | undefined): Waiting {
  return { name, waiting: Number(count), sinceMs: since === undefined || since === "" ? null : Number(since) };
}
