import type { FC } from "hono/jsx";
import type { HashtagPost } from "../../core/hashtag-page.ts";
import { compact } from "../say.ts";

/** Where a picture may be, as the page may be looked at until then. */
export type PictureOf = (url: string) => string | undefined;

type Props = { readonly posts: readonly HashtagPost[]; readonly pictureOf: PictureOf };

/** A grid of posts. A picture lies over a drawn one, which is what is seen when the picture has died. */
export const Posts: FC<Props> = ({ posts, pictureOf }) => (
  <ul class="cards posts">
    {posts.map((post) => (
      <li class="card post">
        <Cover url={pictureOf(post.cover)} />
        <p class="caption">
          <Linked post={post} />
        </p>
        <p class="quiet">
          <Creator post={post} />
          {post.madeAtMs === null ? null : (
            <>
              {" · "}
              <time datetime={dayOf(post.madeAtMs)}>{dayOf(post.madeAtMs)}</time>
            </>
          )}
        </p>
        <dl class="counts">
          <Count label="Plays" value={post.plays} />
          <Count label="Likes" value={post.likes} />
          <Count label="Comments" value={post.comments} />
          <Count label="Shares" value={post.shares} />
        </dl>
      </li>
    ))}
  </ul>
);

export const Cover: FC<{ readonly url: string | undefined }> = ({ url }) => (
  <div class="cover">
    {url === undefined ? null : <img src={url} alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer" />}
  </div>
);

/** Addresses are built of ids, never taken from what somebody wrote. */
const Linked: FC<{ readonly post: HashtagPost }> = ({ post: { id, handle, caption, isPhoto } }) => {
  const text = caption === "" ? "Without a caption" : caption;
  if (handle === "") return <bdi>{text}</bdi>;
  return (
    <a href={`https://www.tiktok.com/@${handle}/${isPhoto ? "photo" : "video"}/${id}`} rel="nofollow noopener">
      <bdi>{text}</bdi>
    </a>
  );
};

const Creator: FC<{ readonly post: HashtagPost }> = ({ post: { handle, nickname } }) => (
  <>
    <bdi>{nickname === "" ? handle || "Somebody" : nickname}</bdi>
    {handle === "" || nickname === "" ? null : (
      <>
        {" "}
        <a href={`https://www.tiktok.com/@${handle}`} rel="nofollow noopener">
          @{handle}
        </a>
      </>
    )}
  </>
);

const Count: FC<{ readonly label: string; readonly value: number | null }> = ({ label, value }) => (
  <div>
    <dt>{label}</dt>
    <dd>{compact(value)}</dd>
  </div>
);

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
