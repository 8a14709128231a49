import { writeFile } from "node:fs/promises";
import { page } from "./page.ts";

/** `npm run scale`: writes the page that says which limit binds first. */
await writeFile("bench/SCALE.md", page());
