import { defineConfig } from "vitest/config";

/** What takes minutes: soaks, chaos, and mutations that prove that a suite would notice. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
