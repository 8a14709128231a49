import { get, type Agent } from "node:http";
import type { Asked } from "./load-child.ts";

export type Answer = { readonly status: number; readonly cacheStatus: string };

/** Resolves when the response has come whole; one that never does has status 0. `name` is put behind the path of what renews. */
export function send({ origin, path, headers, renews }: Asked, name: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    get(`${origin}${path}${renews ? name : ""}`, { headers, agent }, (response) => {
      const { statusCode: status = 0, headers: fields } = response;
      response.resume().once("end", () => resolve({ status, cacheStatus: String(fields["cache-status"] ?? "") }));
      response.once("error", () => resolve({ status: 0, cacheStatus: "" }));
    }).once("error", () => resolve({ status: 0, cacheStatus: "" }));
  });
}
