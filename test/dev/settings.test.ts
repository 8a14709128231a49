import { expect, it } from "vitest";
import { readSettings, workerSettings } from "../../dev/settings.ts";
import { envFile } from "../../dev/state.ts";

it("takes an empty setting for an absent one, since that is how a shell unsets one for a single command", () => {
  expect(readSettings({ PORT: "", REDIS_URL: "" })).toMatchObject({ PORT: 8787, CRONS: true });
});

it("names every setting that is wrong, so that one look is enough", () => {
  const wrong = { PORT: "eight", UPSTREAM_URL: "nowhere", ADMIN_TOKEN: "short", CRONS: "no" };
  expect(() => readSettings(wrong)).toThrow(/PORT is not a port.*UPSTREAM_URL.*ADMIN_TOKEN is shorter.*CRONS/);
});

it("writes values so that wrangler takes them literally: a password may hold a dollar sign", () => {
  expect(envFile({ TOKEN: "a$HOME#b" })).toBe("TOKEN='a\\$HOME#b'\n");
});

it("hands on what the environment says of the Worker's settings, and nothing else of the environment", () => {
  const environment = {
    CONFIRM_MS: "100",
    OIDC_ISSUER: "https://id.example",
    KEY_FRESH_MS: "",
    HOME: "/home/somebody",
  };
  expect(workerSettings(environment)).toEqual({ CONFIRM_MS: "100", OIDC_ISSUER: "https://id.example" });
});
