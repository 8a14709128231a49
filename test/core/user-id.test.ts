import { describe, expect, it } from "vitest";
import { userIdOf } from "../../src/core/user-id.ts";
import { isUuid } from "../../src/core/uuid7.ts";

const ISSUER = "https://id.example";

describe("the id of a person", () => {
  it("is the provider's own when that is a UUID, so that it can be joined with what others know", async () => {
    const subject = "3f2b8c1e-7a55-4c7d-9b1e-0a4f5e6d7c8b";
    expect(await userIdOf(ISSUER, subject)).toBe(subject);
  });

  it("is a UUIDv8 of issuer and subject otherwise, always the same", async () => {
    const id = await userIdOf(ISSUER, "auth0|ann");
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^.{14}8.{4}[89ab]/);
    expect(await userIdOf(ISSUER, "auth0|ann")).toBe(id);
  });

  it.each([
    { issuer: ISSUER, subject: "auth0|bob", because: "they are two people" },
    { issuer: "https://other.example", subject: "auth0|ann", because: "two providers may use one name" },
    { issuer: `${ISSUER}auth0|`, subject: "ann", because: "where one ends and the other begins counts" },
  ])("differs for $subject of $issuer: $because", async ({ issuer, subject }) => {
    expect(await userIdOf(issuer, subject)).not.toBe(await userIdOf(ISSUER, "auth0|ann"));
  });

  it("is nobody else's: whoever is called by the id that was made for another gets one of their own", async () => {
    const ann = await userIdOf(ISSUER, "auth0|ann");
    expect(await userIdOf(ISSUER, ann)).not.toBe(ann);
  });
});
