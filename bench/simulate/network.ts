/** How far a Worker is from Redis, there and back, milliseconds: the least, and by how much more it may be. */
const TRIP_MS = 4;
const TRIP_MORE_MS = 8;

export type Network = {
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
};

/** The same functions, but what they do happens half a trip after they are called, and is known half a trip later. */
export function farAway<Port extends object>(
  port: Port,
  names: readonly (keyof Port & string)[],
  network: Network,
): Port {
  const { pause, random } = network;
  const trip = () => pause((TRIP_MS + random() * TRIP_MORE_MS) / 2);
  const far = names.map((name) => [
    name,
    async (...given: readonly unknown[]) => {
      await trip();
      const method: unknown = port[name];
      if (typeof method !== "function") throw new Error(`${name} is no function`);
      const done: unknown = await Reflect.apply(method, port, given);
      await trip();
      return done;
    },
  ]);
  return { ...port, ...Object.fromEntries(far) };
}
