import { describe, expect, it } from "vitest";
import { PUBLIC_TENANT } from "../../dev/seed.ts";
import { follow } from "../support/follow.ts";
import { focused } from "../support/focused.ts";
import { expectReadable } from "../support/readable.ts";
import { useBrowser } from "../support/use-browser.ts";

describe("the front page", () => {
  const { visit, running } = useBrowser({ PUBLIC_TENANT });

  it("can be read by everybody, and leads to everything else", async () => {
    const page = await visit();
    await page.goto("/");
    expect(await page.title()).toBe("TikTok data, each credit spent once · Tikedge");
    for (const href of ["/dashboard", "/docs/", "/tags", "/healthz"])
      expect(await page.locator(`a[href="${href}"]`).count(), href).toBeGreaterThan(0);
    await expectReadable(page);
  });

  it("is gone through by keyboard: first past the navigation, and what has the focus is marked", async () => {
    const page = await visit();
    await page.goto("/");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ text: "Skip to content", isMarked: true, isSeen: true });
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ isInMain: true, isMarked: true });
  });

  it("lets a visitor try a call by keyboard, without scripts: paid once by the public tenant, and then a hit", async () => {
    const { upstream } = running();
    const page = await visit({ javaScriptEnabled: false });
    await page.goto("/");
    await page.getByRole("textbox", { name: "Of" }).fill("tiktok");
    await page.keyboard.press("Enter");
    const facts = page.locator("dl.facts");
    expect(await facts.textContent()).toMatch(/Status200Cache-Statustikedge; fwd=uri-miss.*X-Credits-Charged1/);
    expect(await page.locator("pre.body").textContent()).toContain('"nickname"');
    const calls = await upstream.calls();
    await page.keyboard.press("F5");
    await follow(page.getByRole("button", { name: "Try it" }));
    expect(await facts.textContent()).toMatch(/Cache-Statustikedge; hit; .*X-Credits-Charged0/);
    expect(await upstream.calls()).toBe(calls);
  });

  it("shows what was typed as text, wherever it stands", async () => {
    const page = await visit();
    const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`;
    await page.goto(`/try?${new URLSearchParams({ endpoint: "/search-challenge/", value: hostile }).toString()}`);
    expect(await page.getByRole("textbox", { name: "Of" }).inputValue()).toBe(hostile);
    await expectReadable(page);
  });

  it("has nothing that a page of an error has not: it can be read, and says its request", async () => {
    const page = await visit({ refusals: [[404, "/dashboard/nowhere"]] });
    await page.goto("/dashboard/nowhere%3Cscript%3Ealert(1)%3C/script%3E");
    expect(await page.locator("h1").textContent()).toBe("Unknown endpoint");
    expect(await page.locator("main code").last().textContent()).toMatch(/^[0-9a-f-]{36}$/);
    await expectReadable(page);
  });
});
