import type { Log } from "../../src/core/ports.ts";

/** For tests in which failures are expected: what was logged is not what they are about. */
export const silentLog: Log = { info: () => undefined, error: () => undefined };
