import { Unavailable } from "../core/control-ports.ts";
import { problems } from "../core/problem.ts";

/** What the work on Redis comes to, or 503: whether it was done is not known then, and doing it again does no harm. */
export async function whileRedisAnswers<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Unavailable ? problems.purgeUnavailable() : error;
  }
}
