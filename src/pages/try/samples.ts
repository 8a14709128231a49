import { findEndpoint, type Call } from "../../core/catalogue.ts";
import { readCall } from "../../core/parameters.ts";
import { problems } from "../../core/problem.ts";

/** A call that can be tried, by its one parameter. */
export type Sample = { readonly path: string; readonly parameter: string; readonly label: string };

/** What the form offers, in this order. */
export const samples: readonly Sample[] = [
  { path: "/userinfo-by-username/", parameter: "username", label: "The profile of a user name" },
  { path: "/userid/", parameter: "username", label: "The id of a user name" },
  { path: "/challenge-info-name/", parameter: "name", label: "A hashtag" },
  { path: "/search-challenge/", parameter: "keyword", label: "Hashtags about a word" },
];

/** What was chosen: the call, and how a client would ask for it. */
export type Chosen = { readonly sample: Sample; readonly value: string; readonly target: string; readonly call: Call };

/** Reads the form. Throws the problem that names what is wrong with it. */
export function chosenIn(form: URLSearchParams): Chosen {
  const sample = samples.find(({ path }) => path === form.get("endpoint"));
  const endpoint = sample === undefined ? undefined : findEndpoint(sample.path);
  if (sample === undefined || endpoint === undefined)
    throw problems.invalidParameters([{ name: "endpoint", reason: "is none that can be tried here" }]);
  const value = (form.get("value") ?? "").trim();
  const search = `?${new URLSearchParams({ [sample.parameter]: value }).toString()}`;
  const read = readCall(endpoint, search);
  if (read.kind === "invalid") throw problems.invalidParameters(read.invalid);
  return { sample, value, target: `${sample.path}${search}`, call: read.call };
}
