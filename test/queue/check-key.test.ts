import { describe, expect, it } from "vitest";
import type { Act } from "../../src/core/act.ts";
import type { ControlMessage, Vault } from "../../src/core/control-ports.ts";
import type { UpstreamKeyVersion } from "../../src/core/resources.ts";
import type { SealedUpstreamKey } from "../../src/core/tenant.ts";
import { checkKey, type CheckPorts } from "../../src/queue/check-key.ts";
import { json, timeline } from "../support/timeline.ts";

const TENANT = "0199c0de-0000-7000-8000-00000000000a";
const ID = "0199c0de-0000-7000-8000-0000000000aa";
const KEY = { tenantId: TENANT, id: ID };
const CHECK = { kind: "check-key", tenantId: TENANT, upstreamKeyId: ID } as const;
const REFUSED = json('{"message":"Api-Key is not available"}');

const sealed: SealedUpstreamKey = {
  id: ID,
  tenantId: TENANT,
  version: 4,
  downloadTier: true,
  kekVersion: 1,
  wrapIv: "",
  wrappedKey: "",
  iv: "",
  ciphertext: "",
};

const version: UpstreamKeyVersion = {
  version: 4,
  status: "active",
  last4: "1234",
  download_tier: true,
  created_at: "2026-01-31T12:00:00.000Z",
  retires_at: null,
  reason: null,
};

/** A tenant's key with one strike, over doubles; what the consumer did is in `story`, in order. */
async function checking() {
  const t = timeline();
  const acts: Act[] = [];
  const queued: { message: ControlMessage; delaySeconds: number | undefined }[] = [];
  let activeId: string | null = ID;
  const vault: Pick<Vault, "state" | "sealed" | "invalidate"> = {
    state: async () => ({ mode: "byo", allowed: true, activeId, versions: [{ ...version, id: ID }] }),
    sealed: async () => sealed,
    async invalidate(act) {
      t.story.push("invalidate");
      acts.push(act);
      activeId = null;
      return { kind: "done", row: { ...version, status: "invalid" } };
    },
  };
  const ports: CheckPorts = {
    ...t.ports,
    platformKeys: t.platformKeys,
    vault: { ...unused(), ...vault },
    upstreamKeys: {
      open: async () => ({ kind: "opened", keys: [{ id: ID, secret: "own", cap: 200, owner: "tenant" }] }),
    },
    changes: { publish: async (changes) => (t.story.push(`publish ${changes.length}`), "published") },
    controlQueue: {
      send: async (messages, delaySeconds) =>
        void queued.push(...messages.map((message) => ({ message, delaySeconds }))),
    },
    manyKeys: 3,
    newRequestId: () => "request",
    newEventId: () => "0199c0de-0000-7000-8000-0000000000ee",
  };
  await t.strikes.note(KEY);
  return {
    ...t,
    ports,
    acts,
    queued,
    replace: () => void (activeId = "another"),
    check: () => checkKey(ports, CHECK, 1),
  };
}

describe("the second look at a key that was refused", () => {
  it("finds it invalid when it is refused again: acts, publishes, and has its owner told", async () => {
    const t = await checking();
    t.replies(async () => REFUSED);
    expect(await t.check()).toEqual({ kind: "done" });
    expect(t.story).toEqual(["reserve", "dispatch", "settle account_error 0+0", "invalidate", "publish 1"]);
    expect(t.acts).toMatchObject([
      {
        actor: { kind: "system" },
        action: "upstream-key.invalidate",
        subject: ID,
        event: { type: "upstream_key.invalid", data: { upstream_key_id: ID, version: 4 } },
      },
    ]);
    const eventId = t.acts[0]?.event?.id;
    expect(t.queued).toEqual([
      { message: { kind: "change", change: { kind: "tenant", tenantId: TENANT } }, delaySeconds: 1 },
      { message: { kind: "event", tenantId: TENANT, eventId }, delaySeconds: undefined },
    ]);
  });

  it("costs what a call costs, booked to the tenant under this key", async () => {
    const t = await checking();
    await t.check();
    expect(t.sent).toMatchObject([{ tenantId: TENANT, upstreamKeyId: ID, creditsCharged: 1 }]);
  });

  it("is over when what it cost is settled, because a message has no response to leave it behind for", async () => {
    const t = await checking();
    const [settling, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const settle = async (...event: Parameters<typeof t.ledger.settle>) => {
      settling.resolve();
      await gate.promise;
      return t.ledger.settle(...event);
    };
    let isOver = false;
    const checked = checkKey({ ...t.ports, ledger: { ...t.ports.ledger, settle } }, CHECK, 1).then(
      () => (isOver = true),
    );
    await settling.promise;
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    gate.resolve();
    await checked;
    expect(t.sent).toHaveLength(1);
  });

  it("forgives when it is served, and the next refusal is a first one again", async () => {
    const t = await checking();
    expect(await t.check()).toEqual({ kind: "done" });
    expect(t.acts).toEqual([]);
    expect(await t.strikes.note(KEY)).toBe("first");
  });

  it.each([
    { reply: json("{}", 500), because: "the upstream failed" },
    { reply: json("{}", 429), because: "the upstream was busy" },
    { reply: { kind: "failed", reason: "timeout", status: 0 } as const, because: "no reply came" },
  ])("decides nothing and comes again when $because", async ({ reply }) => {
    const t = await checking();
    t.replies(async () => reply);
    expect(await t.check()).toEqual({ kind: "again", afterSeconds: 2 });
    expect(t.acts).toEqual([]);
  });

  it("comes again, and asks nothing, while many keys are refused at once: that is the upstream's trouble", async () => {
    const t = await checking();
    await t.strikes.note({ tenantId: TENANT, id: "2" });
    await t.strikes.note({ tenantId: "another", id: "3" });
    expect(await t.check()).toEqual({ kind: "again", afterSeconds: 2 });
    expect(t.story).toEqual([]);
  });

  it("finds no key invalid when others are refused while it is asked", async () => {
    const t = await checking();
    t.replies(async () => {
      await t.strikes.note({ tenantId: TENANT, id: "2" });
      await t.strikes.note({ tenantId: TENANT, id: "3" });
      return REFUSED;
    });
    expect(await t.check()).toMatchObject({ kind: "again" });
    expect(t.acts).toEqual([]);
  });

  it("counts the second refusal too, though the first was long ago: with two others it is many", async () => {
    const t = await checking();
    t.advance(60_001);
    t.replies(async () => {
      await t.strikes.note({ tenantId: TENANT, id: "2" });
      await t.strikes.note({ tenantId: TENANT, id: "3" });
      return REFUSED;
    });
    expect(await t.check()).toMatchObject({ kind: "again" });
    expect(t.acts).toEqual([]);
  });

  it("goes by what is of late: keys that were refused long ago hold up nothing", async () => {
    const t = await checking();
    await t.strikes.note({ tenantId: TENANT, id: "2" });
    await t.strikes.note({ tenantId: TENANT, id: "3" });
    t.advance(60_001);
    t.replies(async () => REFUSED);
    await t.check();
    expect(t.acts).toHaveLength(1);
  });

  it.each([
    { platform: "its only key", states: ["out"], decides: false, because: "that may have the same cause" },
    {
      platform: "two of three keys",
      states: ["out", "out", "in-use"],
      decides: false,
      because: "with this one that is many",
    },
    {
      platform: "one of two keys",
      states: ["out", "in-use"],
      decides: true,
      because: "one can be suspended for months",
    },
  ] as const)("while $platform of the platform's are out, it decides: $decides, because $because", async (row) => {
    const t = await checking();
    const list = async () =>
      row.states.map((state, at) => ({ id: `platform-${at}`, load: 1, cap: 200, state, reason: null, until: null }));
    t.replies(async () => REFUSED);
    const consumed = await checkKey({ ...t.ports, platformKeys: { ...t.ports.platformKeys, list } }, CHECK, 1);
    expect(consumed.kind).toBe(row.decides ? "done" : "again");
    expect(t.acts).toHaveLength(row.decides ? 1 : 0);
  });

  it("is over when the key is not the active one any more, and when it is delivered again after that", async () => {
    const t = await checking();
    t.replies(async () => REFUSED);
    await t.check();
    expect(await t.check()).toEqual({ kind: "done" });
    expect(t.acts).toHaveLength(1);
    const replaced = await checking();
    replaced.replace();
    expect(await replaced.check()).toEqual({ kind: "done" });
    expect(replaced.story).toEqual([]);
  });

  it("waits when the ledger does not answer, because nothing may be dispatched", async () => {
    const t = await checking();
    const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "unavailable" }) as const };
    expect(await checkKey({ ...t.ports, ledger }, CHECK, 3)).toEqual({ kind: "again", afterSeconds: 8 });
  });
});

/** What the consumer has no business with. */
function unused(): Vault {
  const never = () => Promise.reject(new Error("not the consumer's"));
  return {
    state: never,
    add: never,
    reject: never,
    swap: never,
    giveUp: never,
    invalidate: never,
    sealed: never,
    noteRotation: never,
    wrappedBefore: never,
    countWrappedBefore: never,
    rewrap: never,
  };
}
