import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

it("starts on its own, says where it is, and ends with Ctrl-C", async () => {
  const child = spawn(process.execPath, ["dev/upstream/main.ts", "--port", "0"]);
  const ended = once(child, "exit");
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\/\/\S+:\d+/.exec(said.toString())?.[0] ?? "";
  const response = await fetch(`${url}/userid/?username=tiktok`, { headers: { "x-api-key": "sandbox-key" } });
  expect(await response.json()).toEqual({ id: "107955" });
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
});

it("ends with one line that names the port when it cannot have it", async () => {
  const child = spawn(process.execPath, ["dev/upstream/main.ts", "--port", "99999"]);
  const [[said], ended] = await Promise.all([once(child.stderr, "data") as Promise<[Buffer]>, once(child, "exit")]);
  expect(said.toString()).toMatch(/^no upstream on port 99999: .*\n$/);
  expect(ended).toEqual([1, null]);
});
