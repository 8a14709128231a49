import { COLLECTED, COSTS } from "../costs.ts";
import { table } from "../markdown.ts";
import { binding, LIMITS } from "./limits.ts";
import { LOADS, needsOf, TENANTS, type Load, type Mix } from "./load.ts";

const wholes = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `npm run simulate -- --profiles 300 --zipf 0.8`, and the same with `--scale 50`. */
const SIMULATED = [
  { perSecond: 0.93, calls: 17_038, requests: 80_000 },
  { perSecond: 46, calls: 34_813, requests: 4_000_000 },
] as const;

/** `SCALE.md`, all of it computed: `npm run scale` writes it, and a test holds it against this. */
export function page(): string {
  return `# What binds first

Computed by \`npm run scale\` from the counted costs (\`bench/costs.ts\`, which a test asserts exactly) and the limits below. It says which limit a
deployment meets first at so many requests a second and tenants, and which setting moves it. What a request goes through is assumed, and
stated with each table; measure yours by \`hits_by_tier\` of \`GET /v1/usage\`.

${limitsTable()}

${LOADS.map(loadSection).join("\n\n")}

## What traffic does to the ratio of hits

${table(SIMULATED, [
  { title: "requests/s", cell: ({ perSecond }) => String(perSecond) },
  { title: "upstream calls for each request", cell: ({ calls, requests }) => (calls / requests).toFixed(4) },
])}

One day of 300 profiles in simulated time, through the gateway's own steps, at the guide's traffic and at fifty times that: the calls double, for they
are bounded by windows and not by requests. What grows with requests alone is what each one asks of Redis by itself: tokens, and
look-ups.

## What does not grow

- **A request's own connections.** A Worker has six at a time for each request; what is more waits for one. A list that is missing has ${COSTS.miss.atOnce} under way at
  once, and a profile, whose answer fills other calls, ${COSTS["miss that answers other calls"].atOnce}: all of them behind the response, before which there are one or two at a time.
- **An isolate's memory.** Answers are bounded by \`MEMORY_BYTES\` (32 MiB of the 128), key records and buckets by number (5,000 each): an isolate that
  sees more tenants than that asks Redis again for those that it forgot.
- **A hit in memory** asks nothing, and its counts go into one message with those of everybody else in ${COLLECTED.hits.forMs / 1_000} s, or with ${wholes.format(COLLECTED.hits.most)} hits. A message of events
  carries up to ${COLLECTED.events.most}, so 10,000 dispatches a second are ${wholes.format(10_000 / COLLECTED.events.most)} to some thousand messages, by the number of isolates.
- **A plan's own rate** is 10 requests a second (\`burst_refill_per_second\`): 100,000 a second are 10,000 tenants at least, or larger plans.
`;
}

function limitsTable(): string {
  return table(LIMITS, [
    { title: "limit", cell: ({ name }) => name },
    { title: "is", cell: ({ most }) => (most === null ? "" : wholes.format(most)) },
    { title: "by", cell: ({ by }) => by },
    { title: "moved by", cell: ({ movedBy }) => movedBy },
  ]);
}

function loadSection(load: Load): string {
  const rows = TENANTS.map((tenants) => ({ tenants, needs: needsOf(load, tenants) }));
  return `## ${wholes.format(load.perSecond)} requests a second

On ${wholes.format(load.isolates)} isolates, four of which see a tenant. ${mixText(load.mix)}

${table(rows, [
  { title: "tenants", cell: ({ tenants }) => wholes.format(tenants) },
  ...LIMITS.map(({ name, need }) => ({
    title: name,
    cell: ({ needs }: (typeof rows)[number]) => wholes.format(Math.ceil(needs[need])),
  })),
  { title: "commands/s for tokens", cell: ({ needs }) => wholes.format(Math.ceil(needs.tokenCommands)) },
  {
    title: "binds first",
    cell: ({ needs }) => {
      const first = binding(needs);
      return first === undefined ? "" : `${first.limit.name} (${(100 * first.used).toFixed(0)} %)`;
    },
  },
])}`;
}

function mixText(mix: Mix): string {
  const parts = Object.entries(mix).map(([name, part]) => `${name} ${Number((100 * part).toFixed(1))} %`);
  return `Of requests: ${parts.join(", ")}.`;
}
