import { afterAll, beforeAll, expect, it } from "vitest";
import { isolatedDatabase } from "../support/isolated-database.ts";
import type { IsolatedDatabase } from "../support/isolated-database.ts";
import { isolationViolations } from "../support/isolation-violations.ts";

let isolated: IsolatedDatabase;
beforeAll(async () => {
  isolated = await isolatedDatabase();
});
afterAll(() => isolated.close());

it("keeps two tenants apart over 200 requests on one connection, also past failed and abandoned ones", async () => {
  expect(await isolationViolations(isolated, 200)).toEqual([]);
});
