import { describe, expect, it } from "vitest";
import { heightScale } from "../../../src/pages/charts/axes.tsx";
import { HEIGHT, MARGIN, WIDTH, type ChartProps } from "../../../src/pages/charts/frame.tsx";
import { Lines } from "../../../src/pages/charts/lines.tsx";
import { Sparkline } from "../../../src/pages/charts/sparkline.tsx";
import { StackedBars } from "../../../src/pages/charts/stacked-bars.tsx";
import { markup } from "../../support/markup.ts";

const HOSTILE = `"><script>alert(1)</script>'&<img src=x onerror=alert(1)>`;

const chart: ChartProps = {
  id: "month",
  title: "By day",
  description: "Two days.",
  labels: ["11-01", "11-02"],
  series: [
    { name: "Hits", values: [3, 0] },
    { name: "Calls", values: [1, 4] },
  ],
};

const drawn = { StackedBars, Lines };

describe.each(["StackedBars", "Lines"] as const)("%s", (name) => {
  const draw = (props: Partial<ChartProps> = {}) => markup(drawn[name], { ...chart, ...props });

  it("is a picture with a name and a description, for who does not see it", () => {
    const svg = draw();
    expect(svg).toContain('role="img" aria-labelledby="month-title month-description"');
    expect(svg).toContain('<title id="month-title">By day</title>');
    expect(svg).toContain('<desc id="month-description">Two days.</desc>');
  });

  it("shows whatever it is given as text, because names of others come to stand in it", () => {
    const svg = draw({
      title: HOSTILE,
      description: HOSTILE,
      labels: [HOSTILE, HOSTILE],
      series: [{ name: HOSTILE, values: [1, 2] }],
    });
    expect(svg).not.toMatch(/<script|<img/);
    expect(svg.match(/&lt;script&gt;/g)).toHaveLength(5);
  });

  it("has no style of its own: the policy of the page would refuse it", () => {
    expect(draw()).not.toMatch(/style|javascript:/);
  });

  it.each([
    { because: "there is no day", labels: [], series: [{ name: "Hits", values: [] }] },
    { because: "there is nothing to draw", labels: ["a"], series: [] },
    { because: "nothing happened on any", labels: ["a", "b"], series: [{ name: "Hits", values: [0, 0] }] },
    { because: "a value is missing", labels: ["a", "b"], series: [{ name: "Hits", values: [1] }] },
    { because: "a year has many days", labels: Array.from({ length: 366 }, (_, at) => `${at}`), series: chart.series },
  ])("draws in numbers alone when $because", ({ labels, series }) => {
    expect(draw({ labels, series })).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("labels at most seven of its days, because more would run into each other", () => {
    const labels = Array.from({ length: 366 }, (_, at) => `day ${at}`);
    const shown = draw({ labels, series: [{ name: "Hits", values: labels.map(() => 1) }] }).match(/>day \d+</g) ?? [];
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.length).toBeLessThanOrEqual(7);
  });
});

describe("stacked bars", () => {
  const bars = (props: Partial<ChartProps> = {}) =>
    Array.from(
      markup(StackedBars, { ...chart, ...props }).matchAll(
        /<rect x="([\d.]+)" width="([\d.]+)" y="([\d.]+)" height="([\d.]+)"/g,
      ),
      ([, x, width, y, height]) => ({ x: Number(x), width: Number(width), y: Number(y), height: Number(height) }),
    );

  it("are as high as what they stand for, each on the one below", () => {
    const [hits, calls, later, ...more] = bars();
    expect(more, "nothing is drawn of nothing").toEqual([]);
    const unit = (HEIGHT - MARGIN.top - MARGIN.bottom) / 4;
    expect([hits?.height, calls?.height, later?.height].map((height) => Math.round((height ?? 0) / unit))).toEqual([
      3, 1, 4,
    ]);
    expect(calls?.y).toBeCloseTo((hits?.y ?? 0) - (calls?.height ?? 0), 0);
    expect(calls?.x).toBe(hits?.x);
    expect(later?.x).toBeGreaterThan((hits?.x ?? 0) + (hits?.width ?? 0));
  });

  it("stay inside the drawing", () => {
    for (const { x, width, y, height } of bars()) {
      expect(x).toBeGreaterThanOrEqual(MARGIN.left);
      expect(x + width).toBeLessThanOrEqual(WIDTH);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y + height).toBeLessThanOrEqual(HEIGHT - MARGIN.bottom + 0.2);
    }
  });
});

describe("a height scale", () => {
  it.each([
    { values: [], most: 1, because: "there is nothing" },
    { values: [0, 0], most: 1, because: "zero has no height" },
    { values: [3, 97], most: 100, because: "it ends at a round number" },
  ])("of $values ends at $most: $because", ({ values, most }) => {
    expect(heightScale(values).domain()).toEqual([0, most]);
  });
});

it("a sparkline is named in words, and draws a flat line of nothing", () => {
  expect(markup(Sparkline, { label: HOSTILE, values: [] })).not.toMatch(/<script|NaN/);
  expect(markup(Sparkline, { label: "Rising", values: [0, 1] })).toContain('aria-label="Rising"');
  expect(markup(Sparkline, { label: "Nothing", values: [0, 0] })).toMatch(/d="M2,26L118,26"/);
});
