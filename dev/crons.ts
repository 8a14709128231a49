const MINUTE_MS = 60_000;
/** Where each field of an expression begins: minute, hour, day, month, weekday. */
const FIRST = [0, 0, 1, 1, 0] as const;

export type CronsOptions = { readonly url: string; readonly crons: readonly string[] };

/** Fires the Worker's crons on the minute, as Cloudflare does and `wrangler dev` does not. A firing that fails is the Worker's to log. */
export function startCrons({ url, crons }: CronsOptions): { stop(): void } {
  let timer = setTimeout(fire, untilNextMinute());

  function fire(): void {
    const now = new Date();
    for (const cron of crons.filter((each) => isDue(each, now))) {
      fetch(`${url}?cron=${encodeURIComponent(cron)}`).catch(() => undefined);
    }
    timer = setTimeout(fire, untilNextMinute());
  }

  return { stop: () => clearTimeout(timer) };
}

/** Whether an expression of numbers, `*`, ranges, steps and lists names this minute, in UTC. */
export function isDue(cron: string, at: Date): boolean {
  const now = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
  const fields = cron.trim().split(/\s+/);
  return now.every((value, place) => fields[place]?.split(",").some((part) => covers(part, value, FIRST[place] ?? 0)));
}

function covers(part: string, value: number, first: number): boolean {
  const [range = "", step = "1"] = part.split("/");
  const [from = first, to = range.includes("-") || !part.includes("/") ? from : Infinity] =
    range === "*" ? [first, Infinity] : range.split("-").map(Number);
  return value >= from && value <= to && (value - from) % Number(step) === 0;
}

function untilNextMinute(): number {
  return MINUTE_MS - (Date.now() % MINUTE_MS);
}
