import { setTimeout as wait } from "node:timers/promises";
import type { Ground } from "./ground.ts";
import type { PlannedRequest } from "./plan.ts";
import type { Player } from "./tenants.ts";

const WARM_EACH_MS = 500;

/** Longer than any wait that the gateway grants itself. */
const PATIENCE_MS = 20_000;

type Answered = { readonly status: number; readonly text: string };

/** What the clients of a run saw. */
export class Clients {
  /** How often each status came, a refusal with what it is called; `left`, `no answer` and `nobody there` are none. */
  readonly statuses = new Map<string, number>();
  /** A cached answer that was refused, and with what. */
  readonly refusedHits: string[] = [];
  /** By tenant, each different response once: status, headers and body. */
  readonly seen = new Map<Player, Set<string>>();
  readonly #ground: Ground;
  /** Which life of which Worker has served which tenant from a cache already. */
  readonly #warm = new Set<string>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** One request of the plan. Never throws: a Worker that is dead gives no answer. */
  async ask({ worker, tenant, path, leavesAfterMs }: PlannedRequest): Promise<void> {
    const player = this.#ground.players.find(({ name }) => name === tenant);
    const { workers } = this.#ground;
    // As the platform does, which sends nobody to a machine that is gone.
    const url = [workers[worker], ...workers].map((each) => each?.url()).find((each) => each !== undefined);
    if (player === undefined || url === undefined) return this.#count("nobody there");
    const signal = AbortSignal.timeout(leavesAfterMs ?? PATIENCE_MS);
    const answered = await this.#get(`${url}${path}`, player, signal).catch(() => undefined);
    if (answered !== undefined) return this.#count(`${answered.status}${problemIn(answered.text)}`);
    this.#count(leavesAfterMs !== null && signal.aborted ? "left" : "no answer");
  }

  /** Asks for every tenant's cached answer of every Worker, until the signal aborts: whatever breaks, it has to be served. */
  async keepAsking(signal: AbortSignal): Promise<void> {
    const asking: Promise<void>[] = [];
    while (!signal.aborted) {
      asking.push(this.#askWarm());
      await wait(WARM_EACH_MS, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(asking);
  }

  /** Fills the caches, and makes sure that they are. */
  async warm(): Promise<void> {
    await this.#askWarm();
    await this.#askWarm();
    const owed = this.#ground.workers.length * this.#staying().length;
    if (this.#warm.size !== owed) throw new Error(`only ${this.#warm.size} of ${owed} answers are cached`);
  }

  async #askWarm(): Promise<void> {
    const pairs = this.#ground.workers.flatMap((_, at) => this.#staying().map((player) => ({ at, player })));
    await Promise.all(pairs.map(({ at, player }) => this.#askCached(at, player)));
  }

  #staying(): readonly Player[] {
    return this.#ground.players.filter(({ endsAs }) => endsAs === null);
  }

  async #askCached(at: number, player: Player): Promise<void> {
    const worker = this.#ground.workers[at];
    const url = worker?.url();
    if (worker === undefined || url === undefined) return;
    const life = worker.life();
    const pair = `${at} ${life} ${player.name}`;
    // Those that are under way together all look for it in Redis.
    const isWarm = this.#warm.has(pair);
    const path = `/userid/?username=warm${player.name}`;
    const answered = await this.#get(`${url}${path}`, player, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
    if (answered?.status === 200) this.#warm.add(pair);
    // One that was killed meanwhile owes no answer, and its next life has to fetch it from Redis first.
    else if (isWarm && worker.life() === life && worker.url() !== undefined)
      this.refusedHits.push(`${player.name} got ${answered?.status ?? "no answer"} for a cached answer`);
  }

  async #get(url: string, player: Player, signal: AbortSignal): Promise<Answered> {
    const response = await fetch(url, { signal, redirect: "manual", headers: { "x-api-key": player.apiKey } });
    const text = await response.text();
    const seen = this.seen.get(player) ?? new Set();
    this.seen.set(player, seen.add(`${response.status} ${JSON.stringify([...response.headers])} ${text}`));
    return { status: response.status, text };
  }

  #count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

/** The end of a problem's type, with a space before it; nothing for an answer of the upstream. */
function problemIn(text: string): string {
  const type = /^\{"type":"([^"]+)"/.exec(text)?.[1];
  return type === undefined ? "" : ` ${type.split(/[#/]/).at(-1)}`;
}
