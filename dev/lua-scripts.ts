import { createHash } from "node:crypto";

/**
 * Upstash understands a first line that open-source Redis rejects. Without it a script has another digest, and a client asks by the
 * digest of what it sent: the two are kept side by side, or every call would cost an EVALSHA, a refusal and an EVAL.
 */
const ONLY_UPSTASH_KNOWS = /^#!lua flags=allow-key-locking\r?\n/;

/** Rewrites commands that carry a script or its digest, so that Redis runs what Upstash would run. */
export function createScriptTranslator(): (command: readonly string[]) => readonly string[] {
  const digests = new Map<string, string>();

  function strip(script: string): string {
    const stripped = script.replace(ONLY_UPSTASH_KNOWS, "");
    if (stripped !== script) digests.set(sha1(script), sha1(stripped));
    return stripped;
  }

  const translated = (digest: string): string => digests.get(digest.toLowerCase()) ?? digest;

  return ([name = "", ...args]) => {
    const [first = "", ...rest] = args;
    switch (name) {
      case "EVAL":
      case "EVAL_RO":
        return [name, strip(first), ...rest];
      case "EVALSHA":
      case "EVALSHA_RO":
        return [name, translated(first), ...rest];
      case "SCRIPT":
        return [name, first, ...rest.map(first.toUpperCase() === "LOAD" ? strip : translated)];
      default:
        return [name, ...args];
    }
  };
}

/** What SCRIPT LOAD must answer: the digest of the script as the client knows it. */
export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
