import { Agent } from "node:http";
import type { Visit, Visited } from "./load-child.ts";
import { send } from "./send.ts";

/** Asks for each of so many calls once, over as many connections as there are. */
export async function visit({ asked, count, connections }: Visit): Promise<Visited> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers = new Map<string, number>();
  let next = 0;
  const walk = async () => {
    while (next < count) {
      const { status, cacheStatus } = await send(asked, String(next++), agent);
      // Figures aside, there are few ways.
      const way = `${status} ${cacheStatus.replaceAll(/\d+/g, "N")}`;
      answers.set(way, (answers.get(way) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, walk));
  agent.destroy();
  return { ways: Object.fromEntries(answers) };
}
