import * as v from "valibot";
import type { Call } from "./catalogue.ts";
import type { Outcome } from "./charge.ts";
import { subjectsOf } from "./subjects.ts";
import { asking, askedOf, type Twins, twinsOfRecord, twinsOfUserId } from "./twins.ts";

/** A paid reply as it was classified. */
type Source = { readonly call: Call; readonly outcome: Outcome; readonly json: unknown };

/** What a paid reply says about another call. Status, content type and the time of the answer are the source's. */
export type Derived = {
  readonly call: Call;
  readonly outcome: "success" | "not_found";
  readonly json: unknown;
  /** The text to keep; null where it is the source's own, byte for byte. */
  readonly body: string | null;
};

const Refusal = v.object({ message: v.string() });
const WITHHELD = /\bprivate\b/i;

/**
 * The other calls that a paid reply answers, with what the upstream itself would have sent for them at that moment, as JSON. Nothing is
 * derived across pages or counts, and nothing from a record of another thing than was asked for.
 */
export function derived({ call, outcome, json }: Source): readonly Derived[] {
  if (outcome === "not_found") return missingUserId(call, json);
  const twins = outcome === "success" ? twinsOfRecord(call, json) : undefined;
  return twins === undefined ? [] : [otherTwin(call, twins, json), ...userId(twins)];
}

/** The two subjects that a success proves to be one thing, such as `user:107955` and `user:@tiktok`; nothing where it proves none. */
export function aliasesOf({ call, outcome, json }: Source): readonly [byId: string, byName: string] | undefined {
  if (outcome !== "success") return undefined;
  const twins = call.endpoint.path === "/userid/" ? twinsOfUserId(call, json) : twinsOfRecord(call, json);
  if (twins === undefined) return undefined;
  const [byId] = subjectsOf(twins.byId);
  const [byName] = subjectsOf(twins.byName);
  return byId === undefined || byName === undefined ? undefined : [byId, byName];
}

/**
 * A record by name answers the call by id, and the other way round, in the same bytes. Proof: the catalogue gives both calls one record,
 * the profile or the hashtag as a whole, in which nothing repeats the question. The id in it is the thing's own, so by that id the same
 * thing is found; so it is by the name in it, a handle having one owner at a time. A hashtag is asked for as the record spells it, which
 * finds it whether or not the upstream minds the case. It does not hold where the record is of something else than was asked for: a
 * handle that now leads to another one, a hashtag found under another spelling.
 */
function otherTwin(call: Call, { byId, byName }: Twins, json: unknown): Derived {
  const other = call.endpoint.path === byId.endpoint.path ? byName : byId;
  return { call: other, outcome: "success", json, body: null };
}

/**
 * A profile answers `/userid/` of its handle. Proof: that answer has one key, `id`, a text of digits, and the profile of the same handle
 * has the same text at `user.id`, for clients take the one to ask for the other. It cannot be told the other way round: an id is no
 * profile. A hashtag has no such call.
 */
function userId({ byId, byName }: Twins): readonly Derived[] {
  if (byName.endpoint.path !== "/userinfo-by-username/") return [];
  const call = asking("/userid/", askedOf(byName));
  const json = { id: askedOf(byId) };
  return call === undefined ? [] : [{ call, outcome: "success", json, body: JSON.stringify(json) }];
}

/**
 * A profile that is not found by its handle answers `/userid/` of that handle. Proof: both look for one user by one handle, and the
 * envelope of a missing entity names the kind of thing, here a user, and not the call. It does not hold for a profile by id, which asked
 * for no handle; nor the other way round, since a user may have an id and no profile to show; nor, for the same reason, for a profile
 * that is withheld as private.
 */
function missingUserId(call: Call, json: unknown): readonly Derived[] {
  if (call.endpoint.path !== "/userinfo-by-username/") return [];
  if (!saysAbsent(json)) return [];
  const target = asking("/userid/", askedOf(call));
  return target === undefined ? [] : [{ call: target, outcome: "not_found", json, body: null }];
}

/** Whether a not-found says that there is no such thing, and not that it is withheld: then there it is, and its id is right. */
export function saysAbsent(json: unknown): boolean {
  const refusal = v.safeParse(Refusal, json);
  return refusal.success && !WITHHELD.test(refusal.output.message);
}
