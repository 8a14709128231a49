import { sha256, toHex } from "./bytes.ts";
import type { Call } from "./catalogue.ts";
import type { AnswerKey } from "./ports.ts";
import { subjectsOf } from "./subjects.ts";

type Asked = {
  readonly call: Call;
  /** `pool:<region>` or `tenant:<id>`. */
  readonly scope: string;
  /** What the upstream key may see. Counts only where bodies carry media URLs: all other answers are the same for every key. */
  readonly tier: string;
  /** Raising it leaves every entry behind at once; what is left behind expires by itself. */
  readonly namespaceVersion: string;
};

/** What tells an answer from every other. A value and no promise: requests must not wait for each other's. */
type Named = Omit<Asked, "call"> & { readonly identity: string; readonly subjects: readonly string[]; digest?: string };

/** What each call was named last: those of one isolate are mostly asked in one scope, and one call by many requests. */
const lastNamed = new WeakMap<Call, Named>();

/**
 * Where a call's answer is kept. The identity is JSON, in which no value can run into the next, so two identities are equal exactly when
 * everything in them is. The digest of all of it is SHA-256 in full: a short one can be collided on purpose.
 */
export function answerKey(asked: Asked): AnswerKey {
  const named = nameOf(asked);
  return {
    identity: named.identity,
    namespaceVersion: asked.namespaceVersion,
    scope: asked.scope,
    endpoint: asked.call.endpoint.path,
    subjects: named.subjects,
    digest: async () => (named.digest ??= toHex(await sha256(named.identity))),
  };
}

function nameOf({ call, scope, tier, namespaceVersion }: Asked): Named {
  const last = lastNamed.get(call);
  if (last?.scope === scope && last.tier === tier && last.namespaceVersion === namespaceVersion) return last;
  const { path, carriesMediaUrls } = call.endpoint;
  const identity = JSON.stringify([namespaceVersion, scope, carriesMediaUrls ? tier : "", path, call.params]);
  const named = { scope, tier, namespaceVersion, identity, subjects: subjectsOf(call) };
  lastNamed.set(call, named);
  return named;
}

/** The key in Redis. Version, scope and endpoint stand in it for people and for counting; the digest alone tells answers apart. */
export function redisKey({ namespaceVersion, scope, endpoint }: AnswerKey, digest: string): string {
  return `tla:v${namespaceVersion}:${scope}:${endpoint.replaceAll("/", "")}:${digest}`;
}
