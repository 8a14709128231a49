import { Redis as Client } from "@upstash/redis/cloudflare";
import type { Redis as Server } from "ioredis";

/**
 * The gateway's client, whose commands go to Redis itself: what the HTTP endpoint of the local stack costs is the difference to it.
 */
export class DirectRedis extends Client {
  constructor(server: Server) {
    super({ url: "http://127.0.0.1", token: "none", automaticDeserialization: false, enableAutoPipelining: false });
    this.client = {
      request: async ({ body }) => {
        const [name = "", ...args] = Array.isArray(body) ? body.map(String) : [];
        // What a command brings is for the caller to know: the client says the same of what comes over HTTP.
        return { result: (await server.call(name, ...args)) as never };
      },
    };
  }
}
