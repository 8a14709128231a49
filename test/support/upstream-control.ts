/** What the emulated upstream says of itself, and what it can be told. */
export type UpstreamControl = ReturnType<typeof upstreamControl>;

type Meter = {
  readonly totalCalls: number;
  readonly keys: Readonly<Record<string, { readonly calls: number; readonly charged: number }>>;
};
export type SeenCall = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  readonly receivedAtMs: number;
  /** The fault that it met. */
  readonly fault: string | null;
};

/** Of the tests themselves, so that what they ask directly is not in the books; other keys for that begin with it. */
export const DIRECT_KEY = "key-of-the-tests-themselves";

export function upstreamControl(url: string) {
  const post = async (path: string, body: unknown = {}) => {
    const response = await fetch(new URL(path, url), { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  const read = async <T>(path: string): Promise<T> => (await (await fetch(new URL(path, url))).json()) as T;
  return {
    meter: () => read<Meter>("/__meter"),
    /** Every key that it knows, with what is left on it. */
    accounts: () => read<Readonly<Record<string, unknown>>>("/__keys"),
    calls: async () => (await read<Meter>("/__meter")).totalCalls,
    seen: () => read<readonly SeenCall[]>("/__calls"),
    resetMeter: () => post("/__meter/reset"),
    fault: (fault: Readonly<Record<string, unknown>>) => post("/__faults", fault),
    clearFaults: async () => void (await fetch(new URL("/__faults", url), { method: "DELETE" })),
    setKey: (key: Readonly<Record<string, unknown>>) => post("/__keys", key),
    setMode: (mode: Readonly<Record<string, unknown>>) => post("/__mode", mode),
    setClock: (clock: Readonly<Record<string, unknown>>) => post("/__clock", clock),
    /** What a client that asks the upstream itself gets, with a key that the gateway does not have. */
    direct: (path: string, key = DIRECT_KEY) =>
      fetch(new URL(path, url), { redirect: "manual", headers: { "x-api-key": key } }),
  };
}
