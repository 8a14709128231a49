import type { Page } from "playwright-core";
import type { Running } from "../state.ts";

export type Shot = {
  /** What its files are called. */
  readonly name: string;
  /** Brings the page to where it is to be seen. */
  open(page: Page): Promise<unknown>;
};

/** Every page there is, in the order in which somebody would come to it. */
export const shots = (_running: Running): readonly Shot[] => [at("front", "/"), at("error", "/dashboard/nowhere")];

function at(name: string, path: string): Shot {
  return { name, open: (page) => page.goto(path) };
}
