import { EMPTY_ID_PREFIX, isHotPost } from "../markers.ts";
import { Draws } from "./draws.ts";
import { drawsFor, nowSeconds, type Moment } from "./moment.ts";
import { countersOf, createdSeconds, timedId } from "./posts.ts";
import { nextOffset, sliceOfLine, type Happening, type Line, type Span } from "./timeline.ts";
import { inventRemark } from "./text.ts";
import { inventUser, listedUserOf } from "./users.ts";

const DAY_SECONDS = 86_400;

/** `/post-comments/` */
export function postComments(moment: Moment, postId: string, span: Span) {
  const draws = drawsFor(moment, "comments", postId);
  const size = postId.startsWith(EMPTY_ID_PREFIX) ? 0 : draws.int(60, 180);
  const line = { key: `comments/${postId}`, everySeconds: draws.int(300, 3_600), size };
  const { items, hasMore } = sliceOfLine(line, lastCommentBy(moment, postId), span);
  const comments = items.map((it) => threadOf(moment, line, it, postId));
  const total = size === 0 ? 0 : Math.max(size, countersOf(moment, postId).comment_count);
  return { comments, total, cursor: nextOffset(span, comments.length), hasMore };
}

/** A comment is found under its post. */
export type CommentKey = { readonly video_id: string; readonly comment_id: string };

/** `/post-comment-replies/`: as many as the comment's `reply_total` says. */
export function commentReplies(moment: Moment, { video_id: postId, comment_id: commentId }: CommentKey, span: Span) {
  const total = commentId.startsWith(EMPTY_ID_PREFIX) ? 0 : repliesTo(commentId);
  const line = { key: `replies/${postId}/${commentId}`, everySeconds: 1_800, size: total };
  const { items, hasMore } = sliceOfLine(line, lastCommentBy(moment, postId), span);
  const comments = items.map((it) => commentOf(moment, line, it, postId));
  return { comments, total, cursor: nextOffset(span, comments.length), hasMore };
}

/** A hot post is still talked about; a cold one no longer was when it was a day old. */
function lastCommentBy(moment: Moment, postId: string): number {
  const now = nowSeconds(moment);
  const created = createdSeconds(postId);
  return isHotPost(postId) || now - created < 3 * DAY_SECONDS ? now : created + DAY_SECONDS;
}

function repliesTo(commentId: string): number {
  return new Draws(`replies/${commentId}`).int(0, 45);
}

function threadOf(moment: Moment, line: Line, it: Happening, postId: string) {
  const comment = commentOf(moment, line, it, postId);
  return { ...comment, reply_total: repliesTo(comment.id) };
}

/** The identifier is `id`, and `status` a number that says nothing about the answer as a whole. */
function commentOf(moment: Moment, line: Line, it: Happening, postId: string) {
  const id = timedId(it.atSeconds, line.key);
  const draws = drawsFor(moment, "comment", id);
  return {
    id,
    video_id: postId,
    text: inventRemark(draws),
    create_time: it.atSeconds,
    digg_count: draws.magnitude(1, 90_000) - 1,
    user: listedUserOf(moment, inventUser(moment, line.key, it.index)),
    status: 1,
    images: [],
  };
}
