import type { AddressLimiter, Log } from "../core/ports.ts";

/** Cloudflare's rate limiting binding: counted per colo, without a round trip. Fails open: an address is not refused by a fault of ours. */
export function coloAddressLimiter(limit: RateLimit, log: Log): AddressLimiter {
  return {
    async allows(address) {
      try {
        return (await limit.limit({ key: address })).success;
      } catch (error) {
        log.error("address-limiter-failed", { error });
        return true;
      }
    },
  };
}
