import type { Page } from "playwright-core";
import type { Running } from "../state.ts";

export type Shot = {
  /** What its files are called. */
  readonly name: string;
  /** Brings the page to where it is to be seen. */
  open(page: Page): Promise<unknown>;
};

const DASHBOARD = ["usage", "keys", "upstream-key", "alerts", "settings", "webhooks", "audit"];
const OPERATOR = ["tenants", "dead-messages"];

/** Every page there is, in the order in which somebody would come to it. */
export function shots({ tenants, adminToken }: Running): readonly Shot[] {
  const tenant = tenants.find(({ keyMode }) => keyMode === "byo");
  if (tenant === undefined) throw new Error("nobody of the seeded tenants brings a key");
  const mine = (name: string, path: string) => signedIn(name, path, tenant.apiKey);
  return [
    at("front", "/"),
    at("try", "/try?endpoint=/userinfo-by-username/&value=tiktok"),
    at("hashtags", "/tags"),
    at("hashtag", "/tags/cooking"),
    at("hashtag-missing", "/tags/missingtag"),
    at("error", "/dashboard/nowhere"),
    at("sign-in", "/dashboard/sign-in"),
    mine("dashboard", "/dashboard"),
    ...DASHBOARD.map((part) => mine(`dashboard-${part}`, `/dashboard/${part}`)),
    signedIn("operator", "/dashboard/operator", adminToken),
    ...OPERATOR.map((part) => signedIn(`operator-${part}`, `/dashboard/operator/${part}`, adminToken)),
  ];
}

function at(name: string, path: string): Shot {
  return { name, open: (page) => page.goto(path) };
}

function signedIn(name: string, path: string, credential: string): Shot {
  return {
    name,
    open: async (page) => {
      await page.goto("/dashboard/sign-in");
      await page.getByLabel("Gateway key").fill(credential);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.goto(path);
    },
  };
}
