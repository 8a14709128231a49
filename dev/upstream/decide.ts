import { findEndpoint } from "./endpoints.ts";
import type { ReceivedCall } from "./meter.ts";
import { phpJson } from "./php-json.ts";
import * as refusals from "./refusals.ts";
import type { Reply } from "./reply.ts";
import type { State } from "./state.ts";

export type Decision = { readonly reply: Reply; readonly charged: boolean };

/** What the upstream answers when nothing goes wrong. `clips: false` takes away the links to clips that the key would have. */
export function decide(state: State, call: ReceivedCall, { clips }: { readonly clips: boolean }): Decision {
  const { errorStyle, chargeNotFound, rateLimit } = state.mode;
  const endpoint = findEndpoint(call.path);
  if (endpoint === undefined) return free(refusals.UNKNOWN_PATH);
  if (call.method !== "GET" && call.method !== "HEAD") return free(refusals.METHOD_NOT_ALLOWED);

  const standing = state.accounts.standing(call.key);
  if (standing.kind !== "good") return free(refusals.accountError(standing.kind, errorStyle));
  const waitSeconds = rateLimit ? state.rateLimit.take(call.key, performance.now()) : undefined;
  if (waitSeconds !== undefined) return free(refusals.tooManyRequests(waitSeconds));

  const moment = { ...state.world, nowMs: state.clock.nowMs(), clips: clips && standing.downloadTier };
  const answer = endpoint.answer(moment, new Map(new URLSearchParams(call.query)));
  switch (answer.kind) {
    case "found":
      return { reply: { status: 200, body: phpJson(answer.body, unicodeOn(call.path)) }, charged: true };
    case "missing":
      return { reply: refusals.entityError(endpoint.noun, errorStyle), charged: chargeNotFound };
    case "invalid":
      return free(refusals.parameterError(answer.parameter));
    default:
      return answer satisfies never;
  }
}

function free(reply: Reply): Decision {
  return { reply, charged: false };
}

/** Comments come with their letters as they are, everything else in ASCII: whoever passes bodies on meets both. */
function unicodeOn(path: string): "escaped" | "raw" {
  return path.startsWith("/post-comment") ? "raw" : "escaped";
}
