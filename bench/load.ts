import type { Load } from "./load-child.ts";
import { pace } from "./pace.ts";
import { saturate } from "./saturate.ts";
import { visit } from "./visit.ts";

/** The load generator, in a process of its own: the parts of the stack must not wait for it, nor it for them. */
process.on("message", (load: Load) => {
  void run(load).then((measured) => process.send?.(measured));
});

function run(load: Load): Promise<unknown> {
  switch (load.kind) {
    case "saturate":
      return saturate(load);
    case "pace":
      return pace(load);
    case "visit":
      return visit(load);
    default:
      return load satisfies never;
  }
}

// Ends what it started: nothing else would.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit());
process.once("disconnect", () => process.exit());
