import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { referenceDocument } from "./openapi/reference.ts";
import { ROOT } from "./wrangler.ts";

/** What `/docs` needs of Swagger UI, and the licences under which it is given out. */
const SWAGGER_UI = ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"];

const PAGE = ["index.html", "initializer.js"];
/** Styles, scripts and pictures of the pages that the Worker makes. */
const STATIC = join(ROOT, "src", "pages", "static");

if (import.meta.main) await buildAssets(join(ROOT, "dist", "assets"));

/** Writes what is served as it is: the OpenAPI document and the reference page. Wrangler runs this before every build of the Worker. */
export async function buildAssets(dir: string): Promise<void> {
  const page = join(ROOT, "src", "pages", "reference");
  const swaggerUi = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  await Promise.all(["docs", "static"].map((name) => mkdir(join(dir, name), { recursive: true })));
  const styled = await readdir(STATIC);
  await Promise.all([
    place(join(dir, "openapi.json"), Buffer.from(JSON.stringify(referenceDocument()))),
    copy(join(page, "_headers"), join(dir, "_headers")),
    ...PAGE.map((name) => copy(join(page, name), join(dir, "docs", name))),
    ...styled.map((name) => copy(join(STATIC, name), join(dir, "static", name))),
    ...SWAGGER_UI.map((name) => copy(join(swaggerUi, name), join(dir, "docs", name))),
  ]);
}

async function copy(from: string, to: string): Promise<void> {
  await place(to, await readFile(from));
}

/**
 * A file that is as it should be is left alone, since whoever serves the directory starts again when it changes. Others appear whole,
 * since several builds may run at once.
 */
async function place(path: string, content: Buffer): Promise<void> {
  const present = await readFile(path).catch(() => null);
  if (present?.equals(content)) return;
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, content);
  await rename(unfinished, path);
}
