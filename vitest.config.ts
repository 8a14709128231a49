import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { findChromium } from "./dev/chromium.ts";

/** What takes longest, mostly waiting for what goes by real time, and then what else runs Workers: begun last, one of them would run on alone. */
const FIRST = [/chaos\/chaos|worker\/confirm|worker\/own-key-rotation|dev\/stack/, /test\/(?:worker|dev|browser)\//];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = FIRST.findIndex((files) => files.test(moduleId));
  return rank < 0 ? FIRST.length : rank;
}

/** They ask nothing of servers and keep nothing between two tests, so one process may run all of them, which saves starting seventy. */
const PURE = [
  ...["core", "answer", "proxy", "bench", "pages/charts", "pages/session", "pages/dashboard"].map(
    (room) => `test/${room}/**/*.test.ts`,
  ),
  "test/pages/{ask,negotiation,tags,try}*.test.ts",
];

/** Pages are opened in a real browser, where there is one. */
const WITHOUT_BROWSER = findChromium() === undefined ? ["test/browser/**"] : [];
if (WITHOUT_BROWSER.length > 0)
  process.stderr.write(
    "test/browser is left out: there is no Chromium (apt-get install chromium, or CHROMIUM=/its/path)\n",
  );

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "pure", include: PURE, isolate: false, testTimeout: 30_000 } },
      {
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          exclude: ["test/long/**", ...WITHOUT_BROWSER, ...PURE],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
