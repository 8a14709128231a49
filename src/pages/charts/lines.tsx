import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { FC } from "hono/jsx";
import { HeightAxis, heightScale, Labels } from "./axes.tsx";
import { ChartFrame, colour, MARGIN, rounded, WIDTH, type ChartProps } from "./frame.tsx";

/** A line a series, over labels that are evenly apart. */
export const Lines: FC<ChartProps> = (props) => {
  const { labels, series } = props;
  const y = heightScale(series.flatMap(({ values }) => values));
  const x = scaleLinear()
    .domain([0, Math.max(1, labels.length - 1)])
    .range([MARGIN.left + 16, WIDTH - MARGIN.right - 16]);
  const path = line<number>()
    .x((_, at) => rounded(x(at)))
    .y((value) => rounded(y(value)));
  return (
    <ChartFrame {...props}>
      <HeightAxis y={y} />
      {series.map(({ values }, which) => (
        <path class={`line ${colour(which)}`} d={path([...values]) ?? ""} />
      ))}
      <Labels labels={labels} x={x} />
    </ChartFrame>
  );
};
