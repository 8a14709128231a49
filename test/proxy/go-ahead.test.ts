import { describe, expect, it } from "vitest";
import { rightsOf } from "../../src/core/key-rights.ts";
import { problems } from "../../src/core/problem.ts";
import type { Identity } from "../../src/proxy/request.ts";
import { goAhead } from "../../src/proxy/route.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";
import { sampleRequest } from "../support/sample-request.ts";

const identityAt = (readAtMs: number): Identity => ({ ...sampleKeyRecord, ...rightsOf(sampleKeyRecord), readAtMs });
/** The same key with other quotas. */
const CHANGED: Identity = {
  ...identityAt(2),
  tenant: { ...sampleKeyRecord.tenant, quotas: { daily: 1, monthly: null } },
};
const REMEMBERED = identityAt(1);

type Went = { readonly readAtMs: number; readonly isConfirmed: boolean };

/** What a request gets whose key is this by the newest word, and who went on by what. `follow` is what the other steps make of it. */
async function request(newest: () => Promise<Identity>, follow: (identity: Identity) => Response) {
  const went: Went[] = [];
  const asked: string[] = [];
  const response = goAhead(
    async ({ identity, confirmed: waiting }) => {
      went.push({ readAtMs: identity.readAtMs, isConfirmed: waiting === undefined });
      const done = follow(identity);
      await waiting?.();
      return done;
    },
    sampleRequest(),
    { identity: REMEMBERED, alongside: [], confirmed: async () => (asked.push("newest"), newest()) },
  );
  return { went, asked, response };
}

describe("a request that goes ahead by what is remembered of its key", () => {
  it("goes once when the newest word is the same", async () => {
    const { went, asked, response } = await request(
      async () => identityAt(1),
      () => new Response("served"),
    );
    expect(await (await response).text()).toBe("served");
    expect(went).toEqual([{ readAtMs: 1, isConfirmed: false }]);
    expect(asked).toHaveLength(1);
  });

  it("goes once when it was read again and says the same, because that is no change", async () => {
    const { went, response } = await request(
      async () => identityAt(2),
      () => new Response("served"),
    );
    expect(await (await response).text()).toBe("served");
    expect(went).toEqual([{ readAtMs: 1, isConfirmed: false }]);
  });

  it.each([
    { first: "served", because: "what came of the old word is for nobody" },
    { first: "refused", because: "the new word may allow what the old one refused" },
  ])(
    "goes again by the newest word when that is another, whether it was $first before: $because",
    async ({ first }) => {
      const { went, asked, response } = await request(
        async () => CHANGED,
        ({ readAtMs }) => {
          if (readAtMs === 1 && first === "refused") throw problems.endpointNotAllowed("/userid/");
          return new Response(`by ${readAtMs}`);
        },
      );
      expect(await (await response).text()).toBe("by 2");
      expect(went).toEqual([
        { readAtMs: 1, isConfirmed: false },
        { readAtMs: 2, isConfirmed: true },
      ]);
      expect(asked, "once").toHaveLength(1);
    },
  );

  it("serves nothing that no step has asked the newest word about", async () => {
    const served: number[] = [];
    const careless = async ({ identity }: { readonly identity: Identity }) => {
      served.push(identity.readAtMs);
      return new Response(`by ${identity.readAtMs}`);
    };
    const ahead = { identity: REMEMBERED, alongside: [], confirmed: async () => CHANGED };
    expect(await (await goAhead(careless, sampleRequest(), ahead)).text()).toBe("by 2");
    expect(served).toEqual([1, 2]);
  });

  it("is refused by the newest word, and gets nothing of what was found meanwhile", async () => {
    const { went, response } = await request(
      () => Promise.reject(problems.unauthorized()),
      () => new Response("served"),
    );
    await expect(response).rejects.toMatchObject({ status: 401 });
    expect(went).toHaveLength(1);
  });

  it("is refused for what it asks only once the newest word has said that it may ask at all", async () => {
    const refuse = () => {
      throw problems.endpointNotAllowed("/userid/");
    };
    const same = await request(async () => identityAt(1), refuse);
    await expect(same.response).rejects.toMatchObject({ status: 403 });
    const revoked = await request(() => Promise.reject(problems.unauthorized()), refuse);
    await expect(revoked.response).rejects.toMatchObject({ status: 401 });
  });
});
