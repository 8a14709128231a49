import type { FC } from "hono/jsx";
import type { RisingHashtag } from "../../core/hashtag-history.ts";
import { hashtagPath } from "../../core/hashtag-name.ts";
import { Page } from "../layout.tsx";
import { compact } from "../say.ts";
import { Table } from "../table.tsx";
import { Head } from "./head.tsx";

type Props = {
  readonly rising: readonly RisingHashtag[];
  /** Hashtags that are kept warm, of which nothing is known yet. */
  readonly others: readonly string[];
  readonly origin: string;
};

const TITLE = "Trending hashtags";
const DESCRIPTION = "Hashtags on TikTok by how much their views have grown within a week.";

/** What grows, of the hashtags that somebody has looked at. */
export const TrendingPage: FC<Props> = ({ rising, others, origin }) => (
  <Page
    title={TITLE}
    description={DESCRIPTION}
    head={<Head url={`${origin}/tags`} title={TITLE} description={DESCRIPTION} data={listData(rising, origin)} />}
    isPublic
  >
    <h1>{TITLE}</h1>
    <p class="lead">{DESCRIPTION}</p>
    {rising.length === 0 ? (
      <p class="notice">Nothing was counted yet: hashtags come here once they are looked at.</p>
    ) : null}
    {rising.length === 0 ? null : <Rising rising={rising} />}
    {others.length === 0 ? null : (
      <ul class="tags">
        {others.map((name) => (
          <li>
            <a href={hashtagPath(name)}>
              <bdi>#{name}</bdi>
            </a>
          </li>
        ))}
      </ul>
    )}
  </Page>
);

const Rising: FC<Pick<Props, "rising">> = ({ rising }) => (
  <Table
    caption="Hashtags that were looked at here, those that grow most first"
    columns={[
      { head: "Hashtag" },
      { head: "Views", isNumber: true },
      { head: "In a week", isNumber: true },
      { head: "Users", isNumber: true },
    ]}
    rows={rising.map(({ name, views, users, growth }) => [
      <a href={hashtagPath(name)}>
        <bdi>#{name}</bdi>
      </a>,
      compact(views),
      percent(growth),
      compact(users),
    ])}
  />
);

function listData(rising: readonly RisingHashtag[], origin: string): object {
  return {
    "@context": "https://schema.org",
    "@type": "ItemList",
    name: TITLE,
    itemListElement: rising.map(({ name }, at) => ({
      "@type": "ListItem",
      position: at + 1,
      url: `${origin}${hashtagPath(name)}`,
    })),
  };
}

function percent(growth: number | null): string {
  if (growth === null) return "–";
  const more = (growth - 1) * 100;
  return `${more < 0 ? "−" : "+"}${Math.abs(more).toFixed(1)} %`;
}
