import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { becomesReady, endGroup, startServer } from "../../dev/processes.ts";
import { freePort } from "../../dev/ports.ts";

/** A cache that Debian installs, where a plain user's PATH does not lead. */
const PLACES = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];

/** Where Varnish is on this machine, if it is. */
export async function findVarnish(): Promise<string | undefined> {
  for (const place of PLACES) {
    const program = join(place, "varnishd");
    if (await stat(program).catch(() => undefined)) return program;
  }
  return undefined;
}

export type Edge = {
  readonly url: string;
  /** Takes away what carries this tag; its status. */
  purge(tag: string): Promise<number>;
  close(): Promise<void>;
};

/** Varnish in front of a Worker, which does what `edge.vcl` says. */
export async function startEdge(program: string, originUrl: string): Promise<Edge> {
  const dir = await mkdtemp(join(tmpdir(), "tikedge-edge-"));
  // Its parts run as users of their own where they can.
  await chmod(dir, 0o755);
  const template = await readFile(join(import.meta.dirname, "edge.vcl"), "utf8");
  const [vcl, port] = [join(dir, "edge.vcl"), await freePort()];
  await writeFile(vcl, template.replace("ORIGIN_PORT", new URL(originUrl).port));
  const listening = ["-F", "-j", "none", "-n", join(dir, "work"), "-f", vcl, "-a", `127.0.0.1:${port}`, "-T", "none"];
  const small = ["-s", "malloc,16m", "-l", "4m", "-p", "thread_pools=1", "-p", "thread_pool_min=5"];
  const exact = ["-p", "default_grace=0", "-p", "default_keep=0", "-p", "http_gzip_support=off"];
  const logFile = join(dir, "varnish.log");
  const server = startServer(program, [...listening, ...small, ...exact], { logFile });
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    await endGroup(server.pid);
    await rm(dir, { recursive: true, force: true });
  };
  const isReady = () =>
    fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await becomesReady(server, { isReady, withinMs: 20_000 }))) {
    const said = await readFile(logFile, "utf8");
    await close();
    throw new Error(`Varnish does not answer: ${said}`);
  }
  return {
    url,
    purge: async (tag) => (await fetch(`${url}/tags`, { method: "PURGE", headers: { "cache-tag": tag } })).status,
    close,
  };
}
