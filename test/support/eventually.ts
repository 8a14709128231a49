const DEADLINE_MS = 20_000;
const STEP_MS = 50;

/**
 * Waits for what happens behind a response, until `holds` no longer throws. It asks again instead of sleeping a guessed time, and fails
 * with the last reason when the deadline is over.
 */
export async function eventually<T>(holds: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await holds();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }
}
