import { findEndpoint, type Call } from "../core/catalogue.ts";
import type { Outcome } from "../core/charge.ts";
import type { ProbeView } from "../core/resources.ts";
import { probe, type Probed, type ProbePorts, type Probing } from "./probe.ts";

export type TryPorts = ProbePorts & {
  /** In its canonical form, a post that has links for whoever may have them. */
  readonly probePostUrl: string;
};

export type TriedKey = {
  /** `not-probed`: neither the upstream nor our ledger said anything of the key. */
  readonly verdict: "good" | "rejected" | "not-probed";
  readonly downloadTier: boolean;
  readonly probes: readonly ProbeView[];
};

/** None of these but a success says much of the post; all of them say that the key was let in. */
const LET_IN: ReadonlySet<Outcome> = new Set(["success", "empty", "not_found", "hollow"]);

/**
 * Learns of a key whether the upstream knows it, from the cheapest call there is, and then whether its answers carry download links. Only a
 * refusal of the account condemns a key: everything else may be anybody's fault.
 */
export async function tryKey(ports: TryPorts, asking: Omit<Probing, "call">): Promise<TriedKey> {
  const account = await probe(ports, { ...asking, call: accountCall() });
  const probes = viewsOf("/userid/", account);
  if (outcomeOf(account) !== "success") return { verdict: refusalOf(account), downloadTier: false, probes };
  const post = await probe(ports, { ...asking, call: callTo("/post-detail/", "url", ports.probePostUrl) });
  const tried = [...probes, ...viewsOf("/post-detail/", post)];
  if (post.kind === "probed" && LET_IN.has(post.outcome))
    return { verdict: "good", downloadTier: hasDownloadLinks(post.json), probes: tried };
  return { verdict: refusalOf(post), downloadTier: false, probes: tried };
}

/** The call that says whether a key is good: a bad one is answered with status 200 too, and without an id. */
export function accountCall(): Call {
  return callTo("/userid/", "username", "tiktok");
}

function callTo(path: string, name: string, value: string): Call {
  const endpoint = findEndpoint(path);
  if (endpoint === undefined) throw new Error(`There is no endpoint ${path}.`);
  return { endpoint, params: [[name, value]] };
}

function outcomeOf(probed: Probed): Outcome | undefined {
  return probed.kind === "probed" ? probed.outcome : undefined;
}

function refusalOf(probed: Probed): "rejected" | "not-probed" {
  return outcomeOf(probed) === "account_error" ? "rejected" : "not-probed";
}

function hasDownloadLinks(json: unknown): boolean {
  if (typeof json !== "object" || json === null) return false;
  return ["play", "wmplay", "hdplay"].every((name) => {
    const link: unknown = Reflect.get(json, name);
    return typeof link === "string" && link !== "";
  });
}

function viewsOf(endpoint: string, probed: Probed): readonly ProbeView[] {
  if (probed.kind === "unavailable") return [];
  const { outcome, creditsCharged, creditsInDoubt } = probed;
  return [{ endpoint, outcome, credits_charged: creditsCharged, credits_in_doubt: creditsInDoubt }];
}
