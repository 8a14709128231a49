import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { focused } from "../support/focused.ts";
import { follow } from "../support/follow.ts";
import { hostileText } from "../support/hostile.ts";
import { expectReadable } from "../support/readable.ts";
import { useBrowser } from "../support/use-browser.ts";

const PARTS = ["", "/usage", "/keys", "/upstream-key", "/alerts", "/settings", "/webhooks", "/audit"];

describe("the dashboard", () => {
  const { running, visit, shownOnce } = useBrowser({ CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" });

  /** By keyboard alone, as everybody can. */
  const signIn = async (page: Page, credential: string) => {
    await page.goto("/dashboard/sign-in");
    await page.getByLabel("Gateway key").focus();
    await page.keyboard.type(credential);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
  };
  const tenantsKey = async () => {
    const { stack } = running();
    const { id } = await storeSharedTenant(stack, "pro");
    return storeKey(stack, { tenantId: id, permissions: ["data", "manage"] });
  };
  const calls = async (key: string) => (await running().gateway.get("/userid/?username=seen", { key })).status;
  const secretOn = async (page: Page) => {
    const secret = (await page.locator(".secret").textContent()) ?? "";
    shownOnce(secret);
    return secret;
  };

  it("lets in who has a key that manages, by keyboard, and leads who signs out away", async () => {
    const page = await visit({ refusals: [[401, "/dashboard/sign-in"]] });
    await page.goto("/dashboard");
    expect(new URL(page.url()).pathname).toBe("/dashboard/sign-in");
    await expectReadable(page);
    await page.getByLabel("Gateway key").fill("nobody's");
    await follow(page.getByRole("button", { name: "Sign in" }));
    expect(await page.getByRole("alert").textContent()).toContain("not a valid key");
    await signIn(page, await tenantsKey());
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ text: "Skip to content", isMarked: true, isSeen: true });
    await follow(page.getByRole("button", { name: "Sign out" }));
    await page.goto("/dashboard");
    expect(new URL(page.url()).pathname).toBe("/dashboard/sign-in");
  });

  it("issues, rotates and revokes keys without scripts, and asks before it revokes", async () => {
    const page = await visit({ javaScriptEnabled: false, width: 320, colorScheme: "dark" });
    await signIn(page, await tenantsKey());
    await page.goto("/dashboard/keys");
    await page.getByText("Issue a secret key, for servers").click();
    await page.getByLabel("Name").first().fill("Server");
    await follow(page.getByRole("button", { name: "Issue secret key" }));
    const issued = await secretOn(page);
    expect(await calls(issued)).toBe(200);
    await page.goto(`/dashboard/keys/${issued.split("_")[2]}`);
    await follow(page.getByRole("button", { name: "Rotate" }));
    const rotated = await secretOn(page);
    expect([rotated === issued, await calls(rotated)]).toEqual([false, 200]);
    await page.goto(`/dashboard/keys/${rotated.split("_")[2]}`);
    const revoke = page.getByRole("button", { name: "Revoke this key" });
    expect(await revoke.isVisible(), "nothing is revoked by one click").toBe(false);
    await page.locator("details.destroy summary").click();
    await follow(revoke);
    expect(await page.locator("main").textContent()).toContain("The key is revoked.");
    await expect.poll(() => calls(rotated), { timeout: 20_000 }).toBe(401);
  });

  it("takes an upstream key that works, and none that does not", async () => {
    const { upstream, gateway } = running();
    const page = await visit({ refusals: [[422, "/dashboard/upstream-key"]] });
    await signIn(page, await tenantsKey());
    const paste = async (key: string) => {
      gateway.seen.secret("a pasted upstream key", key);
      await page.goto("/dashboard/upstream-key");
      await page.getByLabel("TikLiveAPI key").fill(key);
      await follow(page.getByRole("button", { name: "Probe and use this key" }));
    };
    await paste(`nobody-sold-${randomUUID()}`);
    expect(await page.getByRole("alert").textContent()).toContain("The upstream refused this key");
    await expectReadable(page);
    const key = `bought-${randomUUID()}`;
    await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
    await paste(key);
    expect(await page.getByRole("status").textContent()).toContain("works and pays from now on");
    await expectReadable(page);
  });

  it("gives usage away as a file", async () => {
    const page = await visit();
    await signIn(page, await tenantsKey());
    await page.goto("/dashboard/usage");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "CSV" }).click();
    expect((await download).suggestedFilename()).toMatch(/^usage-.*-by-day\.csv$/);
  });

  it("shows whatever was stored as text, on every page, the operator's too, without a script or a broken layout", async () => {
    const page = await visit();
    const text = hostileText(100);
    await signIn(page, await tenantsKey());
    await page.goto("/dashboard/settings");
    await page.getByLabel("What this tenant is called").fill(text);
    await follow(page.getByRole("button", { name: "Rename" }));
    await page.goto("/dashboard/keys");
    await page.getByText("Issue a secret key, for servers").click();
    await page.getByLabel("Name").first().fill(text);
    await follow(page.getByRole("button", { name: "Issue secret key" }));
    await secretOn(page);
    await page.goto("/dashboard/webhooks");
    await page.getByText("Have events sent to a URL").click();
    await page.getByLabel("URL").fill(`https://hooks.example/?${text}`);
    await follow(page.locator("form", { has: page.getByLabel("URL") }).getByRole("button"));
    await secretOn(page);
    for (const part of PARTS) {
      await page.goto(`/dashboard${part}`);
      await expectReadable(page);
    }
    expect(await page.locator("main").textContent(), "the audit log says it").toContain("<script>alert(1)</script>");
    const operators = await visit();
    await signIn(operators, running().stack.settings["ADMIN_TOKEN"] ?? "");
    for (const path of ["/dead-messages", "", "/tenants"]) {
      await operators.goto(`/dashboard/operator${path}`);
      await expectReadable(operators);
    }
    expect(await operators.locator("main").textContent()).toContain("<script>alert(1)</script>");
  });
});
