import { describe, expect, it } from "vitest";
import { PAGE, waiting } from "../support/data-plane.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";
import { json } from "../support/timeline.ts";

describe("a page with a publishable key", () => {
  const ofPage = { kind: "publishable", origins: [PAGE] } as const;

  it("may read its answer, a 304 among them, also when the log had to be waited for", async () => {
    const { first, plane, tell } = await waiting(ofPage, { origin: PAGE });
    expect(first.headers.get("access-control-allow-origin")).toBe(PAGE);
    const asked = plane.ask({ origin: PAGE, "if-none-match": first.headers.get("etag") ?? "" });
    tell("unchanged");
    const response = await asked;
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([304, PAGE]);
    expect(response.headers.get("vary")).toBe("Accept-Encoding, Origin");
  });

  it("may read what is passed on from the upstream and never kept", async () => {
    const { plane, tell, ask } = await waiting(ofPage, { origin: PAGE });
    plane.advance(40 * 86_400_000);
    plane.replies(async () => json('{"detail":"no such parameter"}', 400));
    tell("unchanged");
    const response = await ask();
    expect([response.status, response.headers.get("cache-control")]).toEqual([400, "private, no-store"]);
    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
  });

  it.each([
    { because: "its rate", change: {}, refuses: true, status: 429 },
    { because: "its trial", change: { tenant: { trialEndsAtMs: 1 } }, refuses: false, status: 403 },
    { because: "its tenant", change: { tenant: { status: "suspended" as const } }, refuses: false, status: 403 },
    { because: "its endpoints", change: { endpoints: [] }, refuses: false, status: 403 },
  ])("may read why it is refused for $because", async ({ change, refuses, status }) => {
    const { plane, tell, ask } = await waiting(ofPage, { origin: PAGE });
    Object.assign(plane.state, { isHeld: false, refuses });
    plane.write(change);
    const asked = ask();
    tell("changed");
    const response = await asked;
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([status, PAGE]);
  });

  it("takes no token before the log was read, for whoever sees the page has its key", async () => {
    const { plane, tell, ask } = await waiting(ofPage, { origin: PAGE });
    const asked = ask();
    await plane.meanwhile();
    expect(plane.tokens).toEqual([]);
    tell("unchanged");
    expect((await asked).status).toBe(200);
    expect(plane.tokens).toEqual([sampleTenant.id, `key:${sampleKeyRecord.keyId}`]);
  });
});
