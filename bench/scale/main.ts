import { writeFile } from "node:fs/promises";
import { page } from "./page.ts";

/** `npm run scale`: writes the page that says which limit binds first. */
const FILE = "bench/SCALE.md";
await writeFile(FILE, page());
console.log(FILE);
