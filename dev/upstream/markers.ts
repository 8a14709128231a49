/*
 * How to get a given kind of answer out of the emulated upstream, without faults:
 *
 *   missing    a handle, hashtag or short link's code that begins with `missing`, an id that begins with `404`: the entity error
 *   empty      a handle, hashtag or keyword that begins with `empty`, an id that begins with `204`: lists without items
 *              (a keyword that begins with `missing` finds nothing either: searches have no entity error)
 *   hot, cold  comments of a post whose id ends in an even digit are new; an odd digit: none under 24 h old, once the post is
 *              three days old
 *
 * Everything else exists. `tiktok` is user 107955.
 */

/** Handles, hashtags and short links that begin with this do not exist. */
export const MISSING_NAME_PREFIX = "missing";

/** Ids that begin with this do not exist; no generated id does. */
export const MISSING_ID_PREFIX = "404";

/** Handles, hashtags and keywords that begin with this have lists without items. */
export const EMPTY_NAME_PREFIX = "empty";

/** Ids that begin with this have lists without items; the ids of `empty` names do. */
export const EMPTY_ID_PREFIX = "204";

/** Whether comments under this post are new: the newest under 24 h old. Posts under three days old are hot whatever their id. */
export function isHotPost(postId: string): boolean {
  return "02468".includes(postId.slice(-1));
}
