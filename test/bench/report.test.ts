import { describe, expect, it } from "vitest";
import { latency, throughput } from "../../bench/columns.ts";
import { latencyPlot } from "../../bench/latency-plot.ts";
import { ALLOWED, verdict } from "../../bench/memory-verdict.ts";
import { MEMORY_BYTES } from "../../bench/memory-run.ts";
import { report } from "../../bench/report.ts";
import type { Row, Sample } from "../../bench/rounds.ts";
import { spread } from "../../bench/spread.ts";
import { targetsAt } from "../../bench/targets.ts";

const keys = { tenant: "t", "limited tenant": "l", unknown: "u", misspelt: "m" };
const targets = targetsAt({ upstreamUrl: "http://upstream", keys, origin: (worker) => `http://${worker}` }, /^miss$/);

const quiet: Sample = {
  perSecond: 1_000,
  cpuMicros: 50,
  busy: 0.5,
  p50Ms: 1,
  p99Ms: 2,
  besideP50Ms: 1,
  besideP99Ms: 2,
  lateMs: 0.5,
  roundTrips: 0,
  commands: 0,
  billed: Number.NaN,
  messages: 0,
};

/** Of two rounds, in the second of which the machine was half as fast. */
const rows: readonly Row[] = targets.map((target) => {
  const isMiss = target.requestClass.name === "miss";
  const first = isMiss ? { ...quiet, perSecond: 100, cpuMicros: 500, p50Ms: 5, p99Ms: 9 } : quiet;
  return { target, samples: [first, { ...first, perSecond: first.perSecond / 2 }] };
});

function cellOf(columns: typeof latency, title: string): string | undefined {
  const miss = rows.find(({ target }) => target.requestClass.name === "miss");
  return miss === undefined ? undefined : columns.find((column) => column.title === title)?.cell(miss);
}

describe("the tables", () => {
  it("compare a class with the hello of the same round, since the machine drifts", () => {
    expect(cellOf(throughput(rows), "requests/s")).toBe("75 (50–100)");
    expect(cellOf(throughput(rows), "to bare")).toBe("0.10 (0.10–0.10)");
    expect(cellOf(throughput(rows), "to Hono")).toBe("0.10 (0.10–0.10)");
    expect(cellOf(throughput(rows), "CPU to bare")).toBe("0.10 (0.10–0.10)");
  });

  it("say of latency what is above that of the row beside it", () => {
    expect(cellOf(latency, "beside: p50 / p99 ms")).toBe("1.00 / 2.00");
    expect(cellOf(latency, "added p50 / p99 ms")).toBe("4.00 / 7.00");
    expect(cellOf(latency, "p99 to beside")).toBe("4.50 (4.50–4.50)");
  });

  it("say that nothing was counted where Redis keeps no count of what scripts run", () => {
    expect(cellOf(throughput(rows), "commands run")).toBe("not counted");
  });

  it("leave the upstream out of what workerd can do, and have it in what it takes", () => {
    const text = report({ rows, sizeKib: 139, startUpMs: 40, machine: "a machine", how: "two rounds" });
    expect(text.match(/^\| upstream, directly \|/gm)).toHaveLength(1);
    expect(text.match(/^\| miss \|/gm)).toHaveLength(2);
  });

  it("have a dash where a figure could not be had", () => {
    expect(spread([Number.NaN, 1], 2)).toBe("–");
    expect(spread([3, 1, 2], 0)).toBe("2 (1–3)");
  });
});

describe("the rows that are left when some are chosen", () => {
  it("are those, what they are compared with, and the upstream beside a miss", () => {
    expect(targets.map(({ requestClass }) => requestClass.name)).toEqual([
      "bare hello, small",
      "bare hello, usual",
      "bare hello, large",
      "Hono hello",
      "miss",
      "upstream, directly",
    ]);
  });
});

describe("the plot", () => {
  it("has two bars for each class, its own and that of the row beside it, and one of each in the legend", () => {
    const drawn = latencyPlot(rows);
    expect(drawn.match(/<rect /g)).toHaveLength(2 * rows.length + 2);
    expect(drawn).toContain("5.00 / 9.0 ms");
    expect(drawn).toContain("background:#fff");
  });
});

describe("what is said of an isolate's memory", () => {
  const good = { beforeBytes: 1, afterBytes: 1 + MEMORY_BYTES, ways: {}, heaps: [], grownBytes: ALLOWED.grownBytes };

  it.each([
    { found: good, complaints: 0, because: "the cache may be full" },
    {
      found: { ...good, afterBytes: 2 + MEMORY_BYTES + ALLOWED.besideBytes },
      complaints: 1,
      because: "it is too much",
    },
    { found: { ...good, grownBytes: ALLOWED.grownBytes + 1 }, complaints: 1, because: "something is kept" },
    { found: { ...good, ways: { "200 tikedge; hit; ttl=N": 2 } }, complaints: 0, because: "all were hits" },
    { found: { ...good, ways: { "503 ": 2 } }, complaints: 1, because: "nothing was put into the cache" },
  ])("complains $complaints times if $because", ({ found, complaints }) => {
    expect(verdict(found)).toHaveLength(complaints);
  });
});
