import type { Response as Received } from "playwright-core";
import type { Seen } from "./seen.ts";

type Sent = { readonly response: Response; readonly body: string };

/** What a browser was sent, for the search for secrets. */
export class SentPages {
  readonly #reading: Promise<Sent>[] = [];
  readonly #shown = new Set<string>();

  add(received: Received): void {
    this.#reading.push(read(received));
  }

  /** A secret that stands in one page, for whoever asked for it. */
  shownOnce(secret: string): void {
    this.#shown.add(secret);
  }

  /** Hands on what came since the last time, when all of it is there. */
  async tell(seen: Seen): Promise<void> {
    for (const { response, body } of await Promise.all(this.#reading.splice(0))) {
      const secret = [...this.#shown].find((shown) => body.includes(shown));
      if (secret !== undefined) this.#shown.delete(secret);
      seen.answered(response, secret === undefined ? body : body.replaceAll(secret, "(shown)"), secret);
    }
  }
}

async function read(received: Received): Promise<Sent> {
  const [fields, body] = await Promise.all([
    received.allHeaders(),
    // A redirect and a download have no body that a browser keeps.
    received.text().catch(() => ""),
  ]);
  const headers = Object.entries(fields).map(([name, value]): [string, string] => [name, value.replaceAll("\n", ", ")]);
  return { response: new Response(null, { status: Math.max(200, received.status()), headers }), body };
}
