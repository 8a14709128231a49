import { createHash } from "node:crypto";
import { EMPTY_ID_PREFIX, EMPTY_NAME_PREFIX, MISSING_NAME_PREFIX } from "../markers.ts";
import { Remembered } from "./remembered.ts";
import { nameOf, numberOf } from "./short-names.ts";

/** Names and ids of one kind of thing, each found from the other. Names are lower case. */
export type Names = { idOf(name: string): string; nameOf(id: string): string };

const MOST_REMEMBERED = 100_000;
const CALLED_BY_ID = /^[a-z]+([1-9]\d{0,18})$/;

/**
 * Short names and their ids are computed from each other, so they agree over restarts. A longer name has more bits than an id can
 * hold: its id is a hash, remembered from when the name was first heard. An id that belongs to no name is named after itself,
 * `<prefix><id>`, and that name leads back to it.
 */
export function createNames(prefix: string, known: Readonly<Record<string, string>>): Names {
  const knownIds = new Map(Object.entries(known));
  const knownNames = new Map(Object.entries(known).map(([name, id]) => [id, name]));
  const remembered = new Remembered<string>(MOST_REMEMBERED);

  const nameOfId = (id: string): string => {
    const heard = knownNames.get(id) ?? remembered.get(id);
    if (heard !== undefined) return heard;
    const short = /^7\d{18}$/.test(id) ? nameOf(BigInt(id.slice(1))) : undefined;
    return short !== undefined && idOfName(short) === id ? short : prefix + id;
  };
  const idOfName = (name: string): string => {
    const lower = name.toLowerCase();
    return knownIds.get(lower) ?? idInName(lower) ?? shortId(lower) ?? hashedId(lower);
  };
  const idInName = (name: string): string | undefined => {
    const id = name.startsWith(prefix) ? CALLED_BY_ID.exec(name)?.[1] : undefined;
    return id !== undefined && nameOfId(id) === name ? id : undefined;
  };
  const hashedId = (name: string): string => {
    const id = hashOf(name);
    remembered.set(id, name);
    return id;
  };
  return { idOf: idOfName, nameOf: nameOfId };
}

function shortId(name: string): string | undefined {
  if (name.startsWith(EMPTY_NAME_PREFIX) || name.startsWith(MISSING_NAME_PREFIX)) return undefined;
  const number = numberOf(name);
  return number === undefined ? undefined : `7${number.toString().padStart(18, "0")}`;
}

function hashOf(name: string): string {
  const lead = name.startsWith(EMPTY_NAME_PREFIX) ? EMPTY_ID_PREFIX : "6";
  const hash = createHash("sha256").update(name).digest().readBigUInt64BE();
  return (
    lead +
    hash
      .toString()
      .padStart(20, "0")
      .slice(lead.length - 19)
  );
}
