import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceDocument } from "../../dev/openapi/reference.ts";
import { conforms } from "../support/conforms.ts";
import { ROOT } from "../support/gateway.ts";
import { sampleCalls } from "../support/sample-calls.ts";
import { useGateway } from "../support/use-gateway.ts";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

describe("the reference", () => {
  const running = useGateway();

  it("is at /openapi.json, as it is made from the routes", async () => {
    const response = await running().gateway.get("/openapi.json");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(referenceDocument())));
  });

  it("is a page at /docs and at /docs/, since people type both", async () => {
    const { gateway } = running();
    const moved = await gateway.get("/docs");
    expect(moved.headers.get("location")).toBe("/docs/");
    const page = await gateway.get("/docs/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain('<script src="initializer.js">');
  });

  it("lets a page run our scripts only and talk to us only: a visitor types a key into it", async () => {
    const { gateway } = running();
    const html = await (await gateway.get("/docs/")).text();
    const named = Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, url = ""]) => url);
    const files = named.filter((url) => !url.startsWith("data:")).map((url) => new URL(url, "https://own.test/docs/"));
    expect(files.map(({ origin }) => origin)).toEqual(files.map(() => "https://own.test"));
    for (const { pathname } of files.filter((file) => file.pathname.startsWith("/docs/"))) {
      const file = await gateway.get(pathname);
      await file.arrayBuffer();
      expect({ pathname, status: file.status }).toEqual({ pathname, status: 200 });
      expect(file.headers.get("content-security-policy")).toBe(POLICY);
      expect(file.headers.get("x-content-type-options")).toBe("nosniff");
      expect(file.headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(html).not.toMatch(/<script>|<style|\son\w+=/);
    expect(await readFile(join(ROOT, "src/pages/reference/initializer.js"), "utf8")).not.toMatch(/https?:/);
  });

  it("takes the place of no route: whatever is not a file of its own is the Worker's", async () => {
    const { gateway } = running();
    for (const path of ["/_headers", "/openapi", "/index.html", "/userid/index.html", "/docs.html", "/docsx"]) {
      const response = await gateway.get(path);
      await response.text();
      expect({ path, status: response.status }).toEqual({ path, status: 401 });
    }
  });

  it.each(sampleCalls)("describes what the gateway answers to %s", async (call) => {
    const { gateway, shared } = running();
    const operation = call.slice(1, call.indexOf("/", 1));
    expect((await conforms(await gateway.get(call, { key: shared }), operation)).status).toBe(200);
    expect((await conforms(await gateway.get(`${call}&unknown=1`, { key: shared }), operation)).status).toBe(400);
    expect((await conforms(await gateway.get(call), operation)).status).toBe(401);
  });

  it("describes what the gateway passes on when nothing is there", async () => {
    const { gateway, shared } = running();
    const missing = await gateway.get("/userid/?username=missing_one", { key: shared });
    expect((await conforms(missing, "userid")).headers.get("x-credits-charged")).toBe("1");
  });

  it.each(["livez", "healthz"])("describes /%s", async (path) => {
    expect((await conforms(await running().gateway.get(`/${path}`), `health.${path}`)).status).toBe(200);
  });
});
