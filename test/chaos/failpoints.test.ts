import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { FAILPOINTS } from "./failpoints.ts";

it("no failpoint is in what is deployed: nobody can arm one there", async () => {
  const deployed = await readFile(join(inject("workerDir"), "index.js"), "utf8");
  expect(deployed).toContain("usageQueue");
  for (const text of [...FAILPOINTS, "__chaos", "CHAOS_CONTROLLER"]) expect(deployed).not.toContain(text);
});
