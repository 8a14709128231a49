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

/**
 * Where a call's answer is kept. The identity is JSON, in which no value can run into the next, so two identities are equal exactly when
 * everything in them is. The digest of all of it is SHA-256 in full: a short one can be collided on purpose.
 */
export function answerKey({ call, scope, tier, namespaceVersion }: Asked): AnswerKey {
  const { path, carriesMediaUrls } = call.endpoint;
  const identity = JSON.stringify([namespaceVersion, scope, carriesMediaUrls ? tier : "", path, call.params]);
  let digest: Promise<string> | undefined;
  return {
    identity,
    namespaceVersion,
    scope,
    endpoint: path,
    subjects: subjectsOf(call),
    digest: () => (digest ??= sha256(identity).then(toHex)),
  };
}

/** The key in Redis. Version, scope and endpoint stand in it for people and for counting; the digest alone tells answers apart. */
export function redisKey({ namespaceVersion, scope, endpoint }: AnswerKey, digest: string): string {
  return `tla:v${namespaceVersion}:${scope}:${endpoint.replaceAll("/", "")}:${digest}`;
}
