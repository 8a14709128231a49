import type { Read, Reader } from "./parameters.ts";
import type { Moment } from "./world/moment.ts";

/** What an endpoint has to say, before anybody thinks of status codes. */
export type Answer =
  | { readonly kind: "found"; readonly body: object }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid"; readonly parameter: string };

/** One endpoint. `noun` is what it does not find. */
export type Endpoint = {
  readonly noun: string;
  answer(moment: Moment, query: ReadonlyMap<string, string>): Answer;
};

type Readers<P> = { readonly [Name in keyof P]: Reader<P[Name]> };

/** An endpoint that answers `respond` once all of its parameters are read. Parameters that it does not know mean nothing to it. */
export function endpoint<P>(
  noun: string,
  readers: Readers<P>,
  respond: (moment: Moment, parameters: P) => object,
): Endpoint {
  return {
    noun,
    answer: (moment, query) => {
      const values: [string, unknown][] = [];
      for (const [name, reader] of Object.entries<Reader<unknown>>(readers)) {
        const read: Read<unknown> = reader(query.get(name) ?? "");
        if (read.kind === "invalid") return { kind: "invalid", parameter: name };
        if (read.kind === "missing") return { kind: "missing" };
        values.push([name, read.value]);
      }
      // Every name of P has a reader, and every reader's value is of P's type: the compiler cannot follow that through a loop.
      return { kind: "found", body: respond(moment, Object.fromEntries(values) as P) };
    },
  };
}
