import { handleOf, idOf, type Kind } from "./calls.ts";

const VIDEOS = 10;

/** What the upstream says at a moment, in the shape of its answers, with counters that tell each moment from every other. */
export function bodyOf(kind: Kind, profile: number, atMs: number): string {
  return JSON.stringify(answerOf(kind, profile, atMs));
}

function answerOf(kind: Kind, profile: number, atMs: number): object {
  switch (kind) {
    case "userid":
      return { id: idOf(profile) };
    case "userinfo-by-username":
    case "userinfo-by-id":
      return userInfo(profile, atMs);
    case "user-posts":
      return posts(profile, atMs);
    default:
      return kind satisfies never;
  }
}

function userInfo(profile: number, atMs: number) {
  return {
    user: {
      id: idOf(profile),
      uniqueId: handleOf(profile),
      nickname: `Creator ${profile}`,
      signature: "Cooking, cats / and a 🎈",
      verified: false,
      privateAccount: false,
    },
    stats: { followerCount: atMs, followingCount: 12, heartCount: atMs, videoCount: 345, diggCount: 6 },
  };
}

function posts(profile: number, atMs: number) {
  const author = { id: idOf(profile), unique_id: handleOf(profile), nickname: `Creator ${profile}` };
  const videos = Array.from({ length: VIDEOS }, (_, number) => ({
    aweme_id: String(7_300_000_000_000_000_000n + BigInt(number)),
    title: `Video ${number}`,
    play: `https://cdn.example/${profile}/${number}.mp4`,
    play_count: atMs + number,
    digg_count: number,
    create_time: 1_700_000_000 - number,
    author,
  }));
  return { videos, cursor: "0", hasMore: false };
}
