import { beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { control } from "../support/control.ts";
import { useGateway } from "../support/use-gateway.ts";

describe("the freshness windows of a tenant's own", () => {
  const running = useGateway({ WINDOWS: '{"userinfo":{"freshMs":900000,"staleMs":0}}' });
  let tenant: ReturnType<typeof control>;
  beforeAll(() => {
    tenant = control(running().gateway, running().shared);
  });

  const windows = async () => (await tenant.get("/v1/tenant")).body["windows"];
  const change = (body: object) => tenant.patch("/v1/tenant", { body });

  it("are none at first, are chosen as a whole, stay when something else is changed, and are taken back", async () => {
    expect(await windows()).toEqual({});
    const chosen = { userid: { fresh_seconds: 600, stale_seconds: 0 }, empty: { fresh_seconds: 0, stale_seconds: 0 } };
    const changed = await change({ windows: chosen });
    expect(changed).toMatchObject({ status: 200, body: { windows: chosen, pending: false } });
    await change({ name: "Particular" });
    expect(await windows()).toEqual(chosen);
    const other = { feed: { fresh_seconds: 60, stale_seconds: 60 } };
    expect((await change({ windows: other })).body["windows"], "those before are replaced").toEqual(other);
    for (const none of [null, {}]) {
      await change({ windows: other });
      expect((await change({ windows: none })).body["windows"]).toEqual({});
    }
  });

  it("are in the audit log, as they were asked for", async () => {
    const { stack } = running();
    const chosen = { "post-comments": { fresh_seconds: 30, stale_seconds: 0 } };
    await change({ windows: chosen });
    const [last] = await books(stack.database.url).query(
      "SELECT action, detail FROM app.audit_log WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1",
      [stack.tenant("shared").id],
    );
    expect(last).toMatchObject({ action: "tenant.update-own", detail: { windows: chosen } });
  });

  it("may be the deployment's, to the second", async () => {
    const bounds = {
      userid: { fresh_seconds: 86_400, stale_seconds: 86_400 },
      userinfo: { fresh_seconds: 900, stale_seconds: 0 },
    };
    expect(await change({ windows: bounds })).toMatchObject({ status: 200, body: { windows: bounds } });
    await change({ windows: null });
  });

  it.each([
    {
      windows: {
        userid: { fresh_seconds: 86_401, stale_seconds: 86_401 },
        feed: { fresh_seconds: 1, stale_seconds: 1 },
      },
      named: {
        "windows.userid.fresh_seconds": "is above 86400, what it is for everybody",
        "windows.userid.stale_seconds": "is above 86400, what it is for everybody",
      },
      because: "a tenant may not widen them",
    },
    {
      windows: { userinfo: { fresh_seconds: 901, stale_seconds: 0 } },
      named: { "windows.userinfo.fresh_seconds": "is above 900, what it is for everybody" },
      because: "the deployment's own are tighter than the table's",
    },
    {
      windows: { userid: { fresh_seconds: 1.5, stale_seconds: -1 } },
      named: {
        "windows.userid.fresh_seconds": "is not a whole number",
        "windows.userid.stale_seconds": "is below 0",
      },
      because: "seconds are whole and never less than none",
    },
    {
      windows: { userid: { fresh_seconds: 1 } },
      named: { "windows.userid.stale_seconds": "is required" },
      because: "half a window says nothing of the other half",
    },
    {
      windows: { userid: { fresh_seconds: 1, stale_seconds: 1, error_seconds: 1 } },
      named: { "windows.userid.error_seconds": "is not known" },
      because: "what is not known is not passed over",
    },
    {
      windows: { download: { fresh_seconds: 0, stale_seconds: 0 } },
      named: { "windows.download": "is not known" },
      because: "downloads are never kept",
    },
    {
      windows: '{"windows":{"__proto__":{"fresh_seconds":0,"stale_seconds":0}}}',
      named: { "windows.__proto__": "is not known" },
      because: "a prototype is no class",
    },
  ])("are refused as $windows, by name, and nothing is changed: $because", async ({ windows: asked, named }) => {
    const before = await windows();
    const { status, body } = await tenant.patch("/v1/tenant", {
      body: typeof asked === "string" ? asked : { windows: asked },
    });
    expect(status).toBe(400);
    const invalid = body["invalid_parameters"] as { name: string; reason: string }[];
    expect(Object.fromEntries(invalid.map(({ name, reason }) => [name, reason]))).toEqual(named);
    expect(await windows()).toEqual(before);
  });
});
