import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** One command that a server ran: in which logical database, its name, and its first argument. */
export type HeardCommand = { readonly database: string; readonly name: string; readonly argument: string };

/** `+1795327290.69 [1 127.0.0.1:52280] "GET" "key"`: with `lua` for an address inside a script. */
const LINE = /^\+[\d.]+ \[(\d+) [^\]]*\] "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?/;

/**
 * Hears every command that a Redis server runs from now on. Over a plain socket: the client's own monitor takes a command that comes right
 * behind the server's OK for a reply, and on a server that many tests use one always does.
 */
export async function monitorRedis(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  await once(socket, "connect");
  socket.write("MONITOR\r\n");
  const { value: reply } = await lines.next();
  if (reply !== "+OK") throw new Error(`no monitor: ${reply}`);
  return {
    /** What was heard before the first command with this argument. */
    async until(argument: string): Promise<readonly HeardCommand[]> {
      const heard: HeardCommand[] = [];
      for (;;) {
        const { value: line, done } = await lines.next();
        if (done === true) throw new Error("the server ended the monitor");
        const [, database = "", name = "", first = ""] = LINE.exec(line) ?? [];
        if (first === argument) return heard;
        heard.push({ database, name, argument: first });
      }
    },
    close: () => socket.destroy(),
  };
}
