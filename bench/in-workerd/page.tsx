import type { FC } from "hono/jsx";

const CARDS = Array.from({ length: 14 }, (_, at) => ({ name: `Card ${at}`, count: at * 1_000, link: `/cards/${at}` }));

/** A page of as many cards as a hashtag's, made of what is at hand: what no page in this framework can beat. */
export const BarePage: FC = () => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>Cards</title>
      <link rel="stylesheet" href="/static/page.css" />
    </head>
    <body>
      <h1>Cards</h1>
      <ul>
        {CARDS.map(({ name, count, link }) => (
          <li class="card">
            <div class="cover">
              <img src={link} alt="" loading="lazy" />
            </div>
            <p>
              <a href={link}>{name}</a>
            </p>
            <dl>
              {["Plays", "Likes", "Comments", "Shares"].map((label) => (
                <div>
                  <dt>{label}</dt>
                  <dd>{count}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </body>
  </html>
);
