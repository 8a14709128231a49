import * as v from "valibot";
import { answerKey } from "./answer-key.ts";
import { upstreamSearch } from "./canonical.ts";
import { findEndpoint, type Call } from "./catalogue.ts";
import { readCall } from "./parameters.ts";
import type { AnswerKey } from "./ports.ts";

/** Half of a surrogate pair can stand in JSON, but in no URL: encoding it throws. */
const Value = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed()),
);
const Identity = v.tuple([v.string(), v.string(), v.string(), v.string(), v.array(v.tuple([v.string(), Value]))]);

type Named = {
  readonly key: AnswerKey;
  readonly call: Call;
  /** Empty where it does not count. */
  readonly tier: string;
};

/** What the identity of an answer names; nothing for what this version and namespace would keep under no such identity. */
export function readIdentity(identity: string, namespaceVersion: string): Named | undefined {
  const read = v.safeParse(Identity, parsed(identity));
  if (!read.success) return undefined;
  const [, scope, tier, path, params] = read.output;
  const endpoint = findEndpoint(path);
  const asked = endpoint === undefined ? undefined : readCall(endpoint, upstreamSearch({ endpoint, params }));
  if (asked?.kind !== "call") return undefined;
  const key = answerKey({ call: asked.call, scope, tier, namespaceVersion });
  return key.identity === identity ? { key, call: asked.call, tier } : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
