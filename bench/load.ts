import type { Load } from "./load-child.ts";
import { pace } from "./pace.ts";
import { saturate } from "./saturate.ts";

/** The load generator, in a process of its own: the parts of the stack must not wait for it, nor it for them. */
process.on("message", (load: Load) => {
  const result = load.kind === "saturate" ? saturate(load) : pace(load);
  void result.then((measured) => process.send?.(measured));
});

// Ends what it started: nothing else would.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit());
process.once("disconnect", () => process.exit());
