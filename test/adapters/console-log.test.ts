import { afterEach, expect, it, vi } from "vitest";
import { consoleLog } from "../../src/adapters/console-log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("writes of an error where it was thrown and never its message, which repeats the command that a vendor failed on", () => {
  const written: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void written.push(line));
  const cause = Object.assign(new TypeError("canary in the cause"), { code: "23505" });
  consoleLog().error("broken", { error: new Error("canary\n    in two lines", { cause }), tenantId: "t" });
  expect(written).toHaveLength(1);
  expect(written[0]).not.toContain("canary");
  expect(JSON.parse(written[0] ?? "")).toMatchObject({
    level: "error",
    event: "broken",
    tenantId: "t",
    error: { name: "Error", frames: expect.any(Array), cause: { name: "TypeError", code: "23505" } },
  });
});
