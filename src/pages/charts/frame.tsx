import type { FC, PropsWithChildren } from "hono/jsx";

/** In units of the drawing: it scales with the page, and its text with it, so there is little of it. */
export const WIDTH = 600;
export const HEIGHT = 220;
export const MARGIN = { top: 12, right: 12, bottom: 26, left: 60 } as const;

export type Series = {
  readonly name: string;
  /** One a label, in their order. */
  readonly values: readonly number[];
};

export type ChartProps = {
  /** Of the chart on its page. */
  readonly id: string;
  readonly title: string;
  /** What the drawing says, in words, for who does not see it. */
  readonly description: string;
  readonly labels: readonly string[];
  /** At most five: so many colours tell each other apart. */
  readonly series: readonly Series[];
};

type FrameProps = PropsWithChildren<Pick<ChartProps, "id" | "title" | "description" | "series">>;

/** What every chart is put into: a picture with a name, and what its colours mean. */
export const ChartFrame: FC<FrameProps> = ({ id, title, description, series, children }) => (
  <div class="chart">
    <ul class="legend">
      {series.map(({ name }, at) => (
        <li>
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <rect class={colour(at)} width="10" height="10" rx="2" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={`${id}-title ${id}-description`}>
      <title id={`${id}-title`}>{title}</title>
      <desc id={`${id}-description`}>{description}</desc>
      {children}
    </svg>
  </div>
);

/** The class of a series' colour. */
export function colour(at: number): string {
  return `s${at + 1}`;
}

/** To a tenth: more digits are only longer. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
