import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BODY_SIZES, bodyOf } from "./in-workerd/bodies.ts";

/** No user of this name exists. */
export const NOBODY = "nobody";

const NOT_FOUND = JSON.stringify({ status: "error", message: "Not found user" });

/** A hashtag with as many posts as a page of the upstream's has, and as many related ones. */
const HASHTAG: Readonly<Record<string, string>> = {
  "/challenge-info-name/": JSON.stringify({ id: "42", cha_name: "bench", desc: "", user_count: 7, view_count: 7_000 }),
  "/challenge-posts/": JSON.stringify({ videos: Array.from({ length: 10 }, (_, at) => postOf(at)) }),
  "/search-challenge/": JSON.stringify({
    challenge_list: Array.from({ length: 10 }, (_, at) => ({ cha_name: `bench${at}`, user_count: at, view_count: at })),
  }),
};

/**
 * An upstream that answers at once with ids and profiles of the size that stands in the handle, and otherwise of the usual one: sizes are
 * what the benchmark compares, and the emulated upstream's users have the sizes that they have.
 */
export async function startSizedUpstream(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const body = answerTo(pathname, searchParams.get("username") ?? "");
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(path: string, handle: string): string {
  const ofHashtag = HASHTAG[path];
  if (ofHashtag !== undefined) return ofHashtag;
  if (handle.includes(NOBODY)) return NOT_FOUND;
  const size = BODY_SIZES.find((each) => handle.includes(each)) ?? "usual";
  const id = idOf(handle);
  return bodyOf(size, path === "/userid/" ? { id } : { user: { id, uniqueId: handle }, stats: { heart: 1 } });
}

function postOf(at: number) {
  return {
    video_id: `730000000000000000${at}`,
    title: `A caption of the usual length, with #tags and a number: ${at}`,
    cover: `https://p16.media.example/${"0".repeat(200)}.jpeg`,
    create_time: 1_700_000_000 + at,
    author: { unique_id: `user.${at}`, nickname: `User ${at}` },
    play_count: at * 1_000_000,
    digg_count: at * 1_000,
    comment_count: at,
    share_count: at,
    // A body of the upstream's holds much that no page shows.
    rest: "x".repeat(3_000),
  };
}

/** No two handles of a run have the same, or the one's answer would be derived from the other's. */
function idOf(handle: string): string {
  return BigInt(`0x${createHash("sha256").update(handle).digest("hex").slice(0, 15)}`).toString();
}
