import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../dev/wrangler.ts";

const run = promisify(execFile);

/** Arrows point at `core`, and only `services.ts` and the adapters touch vendors. */
const rows = [
  { file: "src/core/a.ts", imports: "../answer/answer.ts", allowed: false },
  { file: "src/core/a.ts", imports: "hono", allowed: false },
  { file: "src/core/a.ts", imports: "@upstash/redis", allowed: false },
  { file: "src/core/a.ts", imports: "valibot", allowed: true },
  { file: "src/core/a.ts", imports: "./b.ts", allowed: true },
  { file: "src/answer/a.ts", imports: "../adapters/a.ts", allowed: false },
  { file: "src/answer/a.ts", imports: "../proxy/a.ts", allowed: false },
  { file: "src/answer/a.ts", imports: "hono", allowed: false },
  { file: "src/answer/a.ts", imports: "../core/a.ts", allowed: true },
  { file: "src/proxy/a.ts", imports: "../adapters/a.ts", allowed: false },
  { file: "src/proxy/a.ts", imports: "../admin/a.ts", allowed: false },
  { file: "src/proxy/a.ts", imports: "drizzle-orm", allowed: false },
  { file: "src/proxy/a.ts", imports: "../answer/a.ts", allowed: true },
  { file: "src/proxy/a.ts", imports: "hono/factory", allowed: true },
  { file: "src/queue/a.ts", imports: "../cron/a.ts", allowed: false },
  { file: "src/cron/a.ts", imports: "../services.ts", allowed: false },
  { file: "src/admin/a.ts", imports: "../../test/support/a.ts", allowed: false },
  { file: "src/pages/a.tsx", imports: "../admin/a.ts", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "../../proxy/a.ts", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "../../adapters/a.ts", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "../../services.ts", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "../../../test/support/a.ts", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "@upstash/redis", allowed: false },
  { file: "src/pages/tags/a.tsx", imports: "../layout.tsx", allowed: true },
  { file: "src/pages/tags/a.tsx", imports: "../../core/a.ts", allowed: true },
  { file: "src/pages/tags/a.tsx", imports: "../../answer/a.ts", allowed: true },
  { file: "src/pages/a.tsx", imports: "../core/a.ts", allowed: true },
  { file: "src/pages/a.tsx", imports: "hono/jsx", allowed: true },
  { file: "src/pages/a.tsx", imports: "d3-scale", allowed: true },
  { file: "src/proxy/a.ts", imports: "d3-scale", allowed: false },
  { file: "src/adapters/a.ts", imports: "../answer/a.ts", allowed: false },
  { file: "src/adapters/a.ts", imports: "../../dev/neon.ts", allowed: false },
  // The tables bring a query builder into the Worker; what adapters need of drizzle are its templates.
  { file: "src/adapters/a.ts", imports: "../../drizzle/schema.ts", allowed: false },
  { file: "src/adapters/a.ts", imports: "drizzle-orm/pg-core", allowed: false },
  { file: "src/adapters/a.ts", imports: "@upstash/redis", allowed: true },
  { file: "src/adapters/a.ts", imports: "drizzle-orm", allowed: true },
  // Whoever holds the driver runs SQL for nobody, past withTenant.
  { file: "src/adapters/a.ts", imports: "@neondatabase/serverless", allowed: false },
  { file: "src/adapters/a.ts", imports: "drizzle-orm/neon-http", allowed: false },
  { file: "src/adapters/a.ts", imports: "drizzle-orm/neon-serverless", allowed: false },
  { file: "src/adapters/neon-database.ts", imports: "@neondatabase/serverless", allowed: true },
  { file: "src/adapters/neon-database.ts", imports: "drizzle-orm/neon-http", allowed: true },
  { file: "src/adapters/neon-database.ts", imports: "../admin/a.ts", allowed: false },
  { file: "src/services.ts", imports: "@neondatabase/serverless", allowed: false },
  { file: "src/cron/a.ts", imports: "@neondatabase/serverless", allowed: false },
  { file: "src/adapters/a.ts", imports: "jose", allowed: true },
  { file: "src/adapters/a.ts", imports: "hono", allowed: false },
  { file: "src/services.ts", imports: "./proxy/a.ts", allowed: false },
  { file: "src/services.ts", imports: "./adapters/a.ts", allowed: true },
  { file: "src/app.ts", imports: "./adapters/a.ts", allowed: false },
  { file: "src/app.ts", imports: "./proxy/a.ts", allowed: true },
  { file: "src/index.ts", imports: "./adapters/a.ts", allowed: false },
  { file: "src/index.ts", imports: "./boot.ts", allowed: true },
  { file: "src/boot.ts", imports: "./adapters/a.ts", allowed: false },
  { file: "src/boot.ts", imports: "./queue/a.ts", allowed: true },
];

describe("the import rule", () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "tikedge-lint-"));
    await copyFile(join(ROOT, ".oxlintrc.json"), join(dir, ".oxlintrc.json"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const lint = async (file: string, imported: string): Promise<string> => {
    const path = join(dir, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `import { thing } from "${imported}";\nexport const other = thing;\n`);
    try {
      return (await run(process.execPath, [join(ROOT, "node_modules/.bin/oxlint"), path], { cwd: dir })).stdout;
    } catch (error) {
      return error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    } finally {
      await rm(path);
    }
  };

  it.each(rows)("$file may import $imports: $allowed", async ({ file, imports, allowed }) => {
    const said = await lint(file, imports);
    expect(said.includes("no-restricted-imports")).toBe(!allowed);
  });
});
