import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { FC } from "hono/jsx";
import { rounded } from "./frame.tsx";

const WIDTH = 120;
const HEIGHT = 28;
const INSET = 2;

type Props = { readonly label: string; readonly values: readonly number[] };

/** A small line without axes, beside the number that it leads to. `label` says it in words. */
export const Sparkline: FC<Props> = ({ label, values }) => {
  const most = values.reduce((most, value) => Math.max(most, value), 0);
  const x = scaleLinear()
    .domain([0, Math.max(1, values.length - 1)])
    .range([INSET, WIDTH - INSET]);
  const y = scaleLinear()
    .domain([0, most > 0 ? most : 1])
    .range([HEIGHT - INSET, INSET]);
  const path = line<number>()
    .x((_, at) => rounded(x(at)))
    .y((value) => rounded(y(value)));
  return (
    <span class="chart spark">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        <path class="line s1" d={path([...values]) ?? ""} />
      </svg>
    </span>
  );
};
