import { scaleLinear, type ScaleLinear } from "d3-scale";
import type { FC } from "hono/jsx";
import { HEIGHT, MARGIN, rounded, WIDTH } from "./frame.tsx";

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** More labels below would run into each other. */
const MOST_LABELS = 6;

/** From zero to a round number above all values; of nothing but zeros to one. */
export function heightScale(values: readonly number[]): ScaleLinear<number, number> {
  const most = values.reduce((most, value) => Math.max(most, value), 0);
  return scaleLinear()
    .domain([0, most > 0 ? most : 1])
    .nice(4)
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
}

/** Lines across, with what they stand for. */
export const HeightAxis: FC<{ readonly y: ScaleLinear<number, number> }> = ({ y }) => (
  <g>
    {y.ticks(4).map((tick) => (
      <>
        <line class="grid" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={rounded(y(tick))} y2={rounded(y(tick))} />
        <text x={MARGIN.left - 6} y={rounded(y(tick)) + 4} text-anchor="end">
          {COMPACT.format(tick)}
        </text>
      </>
    ))}
  </g>
);

type LabelsProps = { readonly labels: readonly string[]; readonly x: (at: number) => number };

/** Some of the labels, evenly, the first among them. */
export const Labels: FC<LabelsProps> = ({ labels, x }) => {
  const every = Math.max(1, Math.ceil(labels.length / MOST_LABELS));
  return (
    <g>
      {labels.map((label, at) =>
        at % every === 0 ? (
          <text x={rounded(x(at))} y={HEIGHT - 8} text-anchor="middle">
            {label}
          </text>
        ) : null,
      )}
    </g>
  );
};
