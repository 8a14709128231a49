import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FAILPOINTS, type Failpoint } from "./failpoints.ts";

/**
 * Hears of Workers that stand at a failpoint, and never answers: whoever asks is killed meanwhile. `onReach` is told the number of the
 * process, which is in the URL that it was given.
 */
export async function startController(onReach: (serial: number, failpoint: Failpoint) => void) {
  const server = createServer(({ url = "" }) => {
    const [, serial, name] = url.split("/");
    const failpoint = FAILPOINTS.find((each) => each === name);
    if (failpoint !== undefined) onReach(Number(serial), failpoint);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: (serial: number) => `http://127.0.0.1:${port}/${serial}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
