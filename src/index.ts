import { WorkerEntrypoint } from "cloudflare:workers";
import { worker } from "./boot.ts";
import { purgeOwnCache, services } from "./services.ts";

const { handler, publicPages } = worker(services);

export default handler;

/** The public pages, with a cache in front that answers without asking (`exports` in wrangler.toml): nothing on it authenticates. */
export class PublicPages extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return publicPages(request, this.env, this.ctx);
  }

  /** Purges its own cache, which nobody else can. */
  async purge(tags: string[]): ReturnType<typeof purgeOwnCache> {
    return purgeOwnCache(this.ctx.cache, tags);
  }
}
