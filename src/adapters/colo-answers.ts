import { decodeEntry, encodeEntry } from "../core/entry.ts";
import type { AnswerKey, AnswerStore, Log } from "../core/ports.ts";

/** Carries when Redis was last known to hold the entry: the bound of the nearer tiers counts from there, not from each copy. */
const CONFIRMED_AT = "x-tikedge-confirmed-at";

export type ColoSettings = { readonly cache: Cache; readonly keepMs: number; readonly clock: () => number };

/**
 * Answers in the Cache API of this colo: not replicated, and kept `keepMs` from the last confirmation at the longest. Fails open:
 * `absent` when the cache does not answer. The cache is given requests of ours only, since `match` honours a request's Range and
 * conditional fields.
 */
export function coloAnswers({ cache, keepMs, clock }: ColoSettings, log: Log): AnswerStore {
  return {
    async get(key) {
      try {
        const response = await cache.match(await address(key));
        if (response === undefined) return { kind: "absent" };
        const entry = decodeEntry(await response.text());
        const confirmedAtMs = Number(response.headers.get(CONFIRMED_AT));
        if (entry?.identity !== key.identity || clock() - confirmedAtMs >= keepMs) return { kind: "absent" };
        return { kind: "found", stored: { entry, confirmedAtMs } };
      } catch (error) {
        log.error("colo-get-failed", { error });
        return { kind: "absent" };
      }
    },
    async put(key, { entry, confirmedAtMs }) {
      const seconds = Math.floor((confirmedAtMs + keepMs - clock()) / 1_000);
      if (seconds <= 0) return;
      const body = new TextEncoder().encode(encodeEntry(entry));
      const headers = {
        "cache-control": `max-age=${seconds}`,
        "content-length": String(body.byteLength),
        [CONFIRMED_AT]: String(confirmedAtMs),
      };
      try {
        await cache.put(await address(key), new Response(body, { headers }));
      } catch (error) {
        log.error("colo-put-failed", { error });
      }
    },
  };
}

async function address(key: AnswerKey): Promise<string> {
  return `https://answers.tikedge.internal/v1/${await key.digest()}`;
}
