import type { FC } from "hono/jsx";
import { hashtagPath } from "../../core/hashtag-name.ts";
import { mostPlayed, newest, type RelatedHashtag } from "../../core/hashtag-page.ts";
import { Page } from "../layout.tsx";
import { compact, count } from "../say.ts";
import { Head, pageData } from "./head.tsx";
import type { LoadedHashtag } from "./load.ts";
import { Posts, type PictureOf } from "./posts.tsx";
import { Trend } from "./trend.tsx";

type Props = { readonly hashtag: LoadedHashtag; readonly origin: string; readonly pictureOf: PictureOf };

const MOST = { newest: 10, played: 4, related: 24 };

/** What is known of a hashtag, for whoever comes from a search. */
export const HashtagPage: FC<Props> = ({ hashtag, origin, pictureOf }) => {
  const { name, path, info, posts, related, trend } = hashtag;
  const [url, title, description] = [`${origin}${path}`, `#${name} on TikTok`, describe(hashtag)];
  const picture = pictureOf(info.cover);
  const data = pageData(hashtag, { url, description });
  return (
    <Page
      title={title}
      description={description}
      head={<Head {...{ url, title, description, picture, data }} />}
      nav={[
        { href: "/tags", label: "All hashtags" },
        { href: path, label: `#${name}`, isCurrent: true },
      ]}
      isPublic
    >
      <h1>
        <bdi>#{name}</bdi>
      </h1>
      {info.description === "" ? null : (
        <p class="lead">
          <bdi>{info.description}</bdi>
        </p>
      )}
      <dl class="cards">
        <Figure label="Views" value={info.views} />
        <Figure label="Users" value={info.users} />
      </dl>
      <Trend days={trend} />
      {posts.length === 0 ? <p class="notice">There are no posts to show.</p> : null}
      {posts.length === 0 ? null : (
        <>
          <h2>Most played</h2>
          <Posts posts={mostPlayed(posts, MOST.played)} pictureOf={pictureOf} />
          <h2>Newest</h2>
          <Posts posts={newest(posts, MOST.newest)} pictureOf={pictureOf} />
        </>
      )}
      <Related related={related.slice(0, MOST.related)} />
    </Page>
  );
};

const Figure: FC<{ readonly label: string; readonly value: number | null }> = ({ label, value }) => (
  <div class="card stat">
    <dt>{label}</dt>
    <dd title={count(value)}>{compact(value)}</dd>
  </div>
);

const Related: FC<{ readonly related: readonly RelatedHashtag[] }> = ({ related }) =>
  related.length === 0 ? null : (
    <section aria-labelledby="related">
      <h2 id="related">Related</h2>
      <ul class="tags">
        {related.map(({ name, views }) => (
          <li>
            <a href={hashtagPath(name)}>
              <bdi>#{name}</bdi>
            </a>{" "}
            <span class="quiet">{compact(views)}</span>
          </li>
        ))}
      </ul>
    </section>
  );

function describe({ name, info }: LoadedHashtag): string {
  const counts = `#${name}: ${compact(info.views)} views, used by ${compact(info.users)} people on TikTok.`;
  return info.description === "" ? counts : `${counts} ${info.description}`;
}
