import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** What takes minutes: soaks, chaos, and mutations that prove that a suite would notice. */
export default defineConfig({
  test: { ...config.test, include: ["test/long/**/*.test.ts"], exclude: [], testTimeout: 300_000 },
});
