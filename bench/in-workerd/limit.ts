import { WorkerEntrypoint } from "cloudflare:workers";

/** The rate limiting binding, without a limit: what is refused for it would be another row. */
export class Limit extends WorkerEntrypoint {
  limit(): { readonly success: boolean } {
    return { success: true };
  }
}
