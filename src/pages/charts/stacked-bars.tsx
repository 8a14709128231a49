import { scaleBand } from "d3-scale";
import { stack } from "d3-shape";
import type { FC } from "hono/jsx";
import { HeightAxis, heightScale, Labels } from "./axes.tsx";
import { ChartFrame, colour, MARGIN, rounded, WIDTH, type ChartProps } from "./frame.tsx";

/** A bar a label, made of a part a series. */
export const StackedBars: FC<ChartProps> = (props) => {
  const { labels, series } = props;
  const stacked = stack<number, number>()
    .keys(series.keys())
    .value((at, which) => series[which]?.values[at] ?? 0)(labels.keys());
  const y = heightScale(stacked.flatMap((part) => part.map(([, to]) => to)));
  const x = scaleBand<number>()
    .domain(labels.keys())
    .range([MARGIN.left, WIDTH - MARGIN.right])
    .padding(0.2);
  return (
    <ChartFrame {...props}>
      <HeightAxis y={y} />
      {stacked.map((part, which) => (
        <g class={colour(which)}>
          {part.map(([from, to], at) =>
            to > from ? (
              <rect
                x={rounded(x(at) ?? 0)}
                width={rounded(x.bandwidth())}
                y={rounded(y(to))}
                height={rounded(y(from) - y(to))}
              />
            ) : null,
          )}
        </g>
      ))}
      <Labels labels={labels} x={(at) => (x(at) ?? 0) + x.bandwidth() / 2} />
    </ChartFrame>
  );
};
