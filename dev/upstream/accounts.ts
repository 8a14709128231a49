/** A key of the upstream. `credits` is null when there is no end to them. */
export type Account = {
  readonly state: "active" | "exhausted" | "suspended";
  readonly credits: number | null;
  /** Whether answers carry links to the clips. */
  readonly downloadTier: boolean;
};

export type Standing =
  | { readonly kind: "no-key" | "unknown-key" | "suspended" | "exhausted" }
  | { readonly kind: "good"; readonly downloadTier: boolean };

/** The keys that the upstream knows, and what is left on them. */
export class Accounts {
  readonly #accounts: Map<string, Account>;

  constructor(accounts: Readonly<Record<string, Account>>) {
    this.#accounts = new Map(Object.entries(accounts));
  }

  get(key: string): Account | undefined {
    return this.#accounts.get(key);
  }

  set(key: string, account: Account): void {
    this.#accounts.set(key, account);
  }

  /** Whether a call with this key is answered. */
  standing(key: string): Standing {
    if (key === "") return { kind: "no-key" };
    const account = this.#accounts.get(key);
    if (account === undefined) return { kind: "unknown-key" };
    if (account.state !== "active") return { kind: account.state };
    return account.credits === 0 ? { kind: "exhausted" } : { kind: "good", downloadTier: account.downloadTier };
  }

  /** Takes credits, as far as there are any. */
  spend(key: string, credits: number): void {
    const account = this.#accounts.get(key);
    if (account === undefined || account.credits === null) return;
    this.#accounts.set(key, { ...account, credits: Math.max(0, account.credits - credits) });
  }

  all(): Readonly<Record<string, Account>> {
    return Object.fromEntries(this.#accounts);
  }
}
