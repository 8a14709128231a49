import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { gzipKib } from "../../bench/bundle.ts";

/**
 * An isolate reads all of it before its first answer. What it is made of is told by `npx wrangler deploy --dry-run --outdir dist --metafile`,
 * in `dist/bundle-meta.json`.
 */
const MOST_KIB = 140;

it(`the built Worker is at most ${MOST_KIB} KiB, gzip -9, because every start of an isolate waits for it`, async () => {
  expect(await gzipKib(join(inject("workerDir"), "index.js"))).toBeLessThanOrEqual(MOST_KIB);
});
