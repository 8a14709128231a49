import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { signUp } from "../../dev/sign-up.ts";
import { ROOT } from "../../dev/wrangler.ts";
import { useGateway } from "../support/use-gateway.ts";

describe("the typed client's example", () => {
  const running = useGateway();

  it("is in the README as it is compiled and run here, so that it cannot rot", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(`\`\`\`ts\n${await readFile(join(ROOT, "dev", "sign-up.ts"), "utf8")}\`\`\``);
  });

  it("makes a tenant whose key gets answers", async () => {
    const { gateway, stack } = running();
    const adminToken = stack.settings["ADMIN_TOKEN"] ?? "";
    const { key } = await signUp({ baseUrl: gateway.url, adminToken, name: "Harbour" });
    expect((await gateway.get("/userid/?username=tiktok", { key })).status).toBe(200);
  });

  it("fails when it is refused", async () => {
    const refused = signUp({ baseUrl: running().gateway.url, adminToken: "nonsense", name: "Harbour" });
    await expect(refused).rejects.toThrow("401");
  });
});
