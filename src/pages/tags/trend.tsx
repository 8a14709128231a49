import { line } from "d3-shape";
import type { FC } from "hono/jsx";
import type { HashtagDay } from "../../core/hashtag-history.ts";
import { compact, count } from "../say.ts";
import { Table } from "../table.tsx";

const SIZE = { width: 640, height: 120, margin: 8 };

/** Views by day, drawn and as numbers; nothing until there are two days to tell from. */
export const Trend: FC<{ readonly days: readonly HashtagDay[] }> = ({ days }) => {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined || days.length < 2) return null;
  return (
    <section aria-labelledby="trend">
      <h2 id="trend">Trend</h2>
      <p>
        From {compact(first.views)} views on {first.day} to {compact(last.views)} on {last.day}.
      </p>
      <div class="chart trend">
        <svg
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label="Views by day; the numbers are below"
        >
          <path class="line s1" vector-effect="non-scaling-stroke" d={pathOf(days)} />
        </svg>
      </div>
      <details>
        <summary>Numbers by day</summary>
        <Table
          caption="Views and users by day"
          columns={[{ head: "Day" }, { head: "Views", isNumber: true }, { head: "Users", isNumber: true }]}
          rows={days.toReversed().map(({ day, views, users }) => [day, count(views), count(users)])}
        />
      </details>
    </section>
  );
};

/** By the calendar, so that a day that nobody looked at leaves no step. */
function pathOf(days: readonly HashtagDay[]): string {
  const times = days.map(({ day }) => Date.parse(day));
  const views = days.map((each) => each.views);
  const [x, y] = [
    scale(times, SIZE.margin, SIZE.width - SIZE.margin),
    scale(views, SIZE.height - SIZE.margin, SIZE.margin),
  ];
  const drawn = line<HashtagDay>()
    .x(({ day }) => x(Date.parse(day)))
    .y((each) => y(each.views))
    .digits(1);
  return drawn(days) ?? "";
}

/** From the least and the most of some numbers to two places; one number alone is in the middle. */
function scale(numbers: readonly number[], from: number, to: number): (value: number) => number {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return (value) => (least === most ? (from + to) / 2 : from + ((value - least) / (most - least)) * (to - from));
}
