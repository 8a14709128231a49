/** What a test asks for is small; of a longer body the beginning is kept. */
const LONGEST = 1_048_576;

const GATEWAY_KEY = /^tke_(?:live|pub)_[0-9A-Za-z]{12}_([0-9A-Za-z]{32})_/;
const BYTES = /^(?:whsec_)?([A-Za-z0-9+/]{43}=)$/;

export type Secret = { readonly what: string; readonly bytes: Uint8Array };

/** What tests saw of the Workers on one stack, and every secret that went in or was handed out meanwhile. */
export class Seen {
  readonly logs: string[] = [];
  /** What queues delivered. */
  readonly messages: string[] = [];
  readonly #secrets = new Map<string, Secret>();
  readonly #responses = new Set<string>();
  readonly #reading = new Set<Promise<void>>();

  /** A text that may stand nowhere; of a key also the part that is not public, and the bytes of one that is written in base64. */
  secret(what: string, text: string): void {
    this.#bytes(what, Buffer.from(text));
    const inner = GATEWAY_KEY.exec(text)?.[1];
    if (inner !== undefined) this.#bytes(`the secret part of ${what}`, Buffer.from(inner));
    const encoded = BYTES.exec(text)?.[1];
    if (encoded !== undefined) this.#bytes(`the bytes of ${what}`, Buffer.from(encoded, "base64"));
  }

  /** The settings of a Worker: which of them are secrets is known here. */
  settings(settings: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(settings))
      for (const text of secretsIn(name, value)) this.secret(name, text);
  }

  /** The credential of a request, right or wrong. */
  presented(headers: Headers): void {
    const credential = headers.get("x-api-key") ?? headers.get("authorization")?.replace(/^\w+ /, "") ?? "";
    this.secret("a presented credential", credential);
  }

  /** A body in which a tenant brings its upstream key. */
  pasted(body: unknown): void {
    if (typeof body === "object" && body !== null && "key" in body)
      this.secret("a pasted upstream key", String(body.key));
  }

  /** A response that holds no secret. It is read beside the test that asked for it; what is cut off counts as far as its headers. */
  response(response: Response): void {
    const read = this.#read(response, response.clone()).finally(() => this.#reading.delete(read));
    this.#reading.add(read);
  }

  /** A response that was read. If it handed out a secret, then in this one place: it is kept without it. */
  answered(response: Response, body: string, handedOut?: unknown): void {
    const isSecret = typeof handedOut === "string";
    if (isSecret) this.secret("a secret that was handed out", handedOut);
    this.#keep(response, isSecret ? body.replace(handedOut, "(handed out)") : body);
  }

  secrets(): readonly Secret[] {
    return [...this.#secrets.values()];
  }

  /** Status, headers and body of every response. */
  async responses(): Promise<readonly string[]> {
    await Promise.all(this.#reading);
    return [...this.#responses];
  }

  async #read(response: Response, copy: Response): Promise<void> {
    this.#keep(response, await copy.text().catch(() => "(cut off)"));
  }

  #keep({ status, headers }: Response, body: string): void {
    this.#responses.add(`${status} ${JSON.stringify([...headers])} ${body.slice(0, LONGEST)}`);
  }

  #bytes(what: string, bytes: Buffer): void {
    this.#secrets.set(bytes.toString("base64"), { what, bytes });
  }
}

function secretsIn(name: string, value: string): readonly string[] {
  if (name === "TIKLIVE_KEY") return value.split(",").map((key) => key.trim());
  if (name === "KEY_PEPPERS" || name === "KEY_ENCRYPTION_KEYS")
    return value.split(",").map((entry) => entry.replace(/^\d+:/, ""));
  if (name.startsWith("DATABASE_URL")) return [decodeURIComponent(new URL(value).password)];
  return name.endsWith("_TOKEN") ? [value] : [];
}
