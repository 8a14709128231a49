import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What the line begins with by which a delivered message is told to the test, instead of to the Worker's log. */
export const MESSAGE = "message delivered: ";

/** The Worker as it was built, but for telling what its queues deliver, before it consumes it. */
const TAPPED = `import worker from "./worker.js";
export * from "./worker.js";
export default {
  ...worker,
  queue(batch, env, context) {
    for (const { id, body } of batch.messages) console.log(${JSON.stringify(MESSAGE)} + JSON.stringify([batch.queue, id, body]));
    return worker.queue(batch, env, context);
  },
};
`;

/** Writes a Worker around the built one, so that tests see the messages themselves. Returns its entry point. */
export async function tapQueues(workerDir: string, outdir: string): Promise<string> {
  await mkdir(outdir);
  await copyFile(join(workerDir, "index.js"), join(outdir, "worker.js"));
  const entry = join(outdir, "index.js");
  await writeFile(entry, TAPPED);
  return entry;
}
