import { findEndpoint, type Call } from "../../src/core/catalogue.ts";
import { readCall } from "../../src/core/parameters.ts";
import { windowsFor } from "../../src/core/windows.ts";

/** What a page of a profile asks for. */
export const KINDS = ["userid", "userinfo-by-username", "userinfo-by-id", "user-posts"] as const;

export type Kind = (typeof KINDS)[number];

/** Ids are numbers beyond any handle's, so that no two are alike. */
const FIRST_ID = 100_000_000;

const HANDLE = "creator";

export function idOf(profile: number): string {
  return String(FIRST_ID + profile);
}

export function handleOf(profile: number): string {
  return `${HANDLE}${profile}`;
}

/** Whom an id or a handle names. */
export function profileOf(name: string): number {
  return name.startsWith(HANDLE) ? Number(name.slice(HANDLE.length)) : Number(name) - FIRST_ID;
}

/** How long an answer of this kind is fresh, by the gateway's own table, milliseconds. */
export function freshMsOf(kind: Kind): number {
  const call = readCallOf(kind, 0);
  const answered = { endpoint: call.endpoint, call, outcome: "success", json: {}, fetchedAtMs: 0 } as const;
  const windows = windowsFor({ ...answered, overrides: {}, staleIfErrorMs: 0, expectsLinks: true });
  if (windows === null) throw new Error(`${kind} is never kept`);
  return windows.freshMs;
}

/** Reads each call as a request is read, once. */
export function callReader(): (kind: Kind, profile: number) => Call {
  const read = new Map<string, Call>();
  return (kind, profile) => {
    const name = `${kind} ${profile}`;
    const known = read.get(name) ?? readCallOf(kind, profile);
    read.set(name, known);
    return known;
  };
}

function readCallOf(kind: Kind, profile: number): Call {
  const byHandle = kind === "userid" || kind === "userinfo-by-username";
  const endpoint = findEndpoint(`/${kind}/`);
  const search = byHandle ? `?username=${handleOf(profile)}` : `?userid=${idOf(profile)}`;
  const read = endpoint === undefined ? undefined : readCall(endpoint, search);
  if (read?.kind !== "call") throw new Error(`${kind} ${search} is no call`);
  return read.call;
}
