import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { gzipKib } from "../../bench/bundle.ts";

/**
 * An isolate reads all of it before its first answer, and runs what is not put off. What it is made of is told by `npx wrangler deploy --dry-run --outdir dist --metafile`,
 * in `dist/bundle-meta.json`.
 */
const MOST_KIB = 260;

it(`the built Worker is at most ${MOST_KIB} KiB, gzip -9, a fifth of it Neon's client`, async () => {
  expect(await gzipKib(join(inject("workerDir"), "index.js"))).toBeLessThanOrEqual(MOST_KIB);
});

it("wires Neon's client up when it is first needed, because every start of an isolate would wait for it", async () => {
  const built = await readFile(join(inject("workerDir"), "index.js"), "utf8");
  // What a bundler wraps up for later, it calls from a promise.
  expect(built).toMatch(/Promise\.resolve\(\)\.then\(\(\)=>\(\w+\(\),\w+\)\)/);
});
