import * as v from "valibot";
import { type Call, type Endpoint, findEndpoint } from "./catalogue.ts";
import { readCall } from "./parameters.ts";

/** The calls that ask for one thing by its id and by its name. */
export type Twins = { readonly byId: Call; readonly byName: Call };

/** What has an id and a name, and the two calls that are answered with one and the same record of it. */
type Kind = {
  readonly byId: Endpoint["path"];
  readonly byName: Endpoint["path"];
  readonly record: v.GenericSchema<unknown, Named>;
};

type Named = { readonly id: string; readonly name: string };

/** A number has lost its last digits by now, and zero stands for no id at all. What else is no id is refused where calls are read. */
const Id = v.pipe(v.string(), v.notValue("0"));

const UserId = v.object({ id: Id });

/** In a record a handle has no `@`, though in a request it may. */
const UserRecord = v.pipe(
  v.object({ user: v.object({ id: Id, uniqueId: v.pipe(v.string(), v.excludes("@")) }) }),
  v.transform(({ user }) => ({ id: user.id, name: user.uniqueId })),
);

/** The name stands under `cha_name`. Around one with `#` or white space the upstream may trim, and then find another's. */
const ChallengeRecord = v.pipe(
  v.object({ id: Id, cha_name: v.pipe(v.string(), v.regex(/^[^#\s]+$/)) }),
  v.transform(({ id, cha_name }) => ({ id, name: cha_name })),
);

const user: Kind = { byId: "/userinfo-by-id/", byName: "/userinfo-by-username/", record: UserRecord };
const challenge: Kind = { byId: "/challenge-info-id/", byName: "/challenge-info-name/", record: ChallengeRecord };

/** The twins that a record belongs to; nothing unless it is of the very thing that the call asked for. */
export function twinsOfRecord(call: Call, json: unknown): Twins | undefined {
  const { path } = call.endpoint;
  const kind = [user, challenge].find(({ byId, byName }) => path === byId || path === byName);
  const record = kind === undefined ? undefined : v.safeParse(kind.record, json);
  if (kind === undefined || !record?.success) return undefined;
  const twins = twinsNamed(kind, record.output);
  const own = path === kind.byId ? twins?.byId : twins?.byName;
  return own !== undefined && askedOf(own) === askedOf(call) ? twins : undefined;
}

/** The twins of the user whose id a `/userid/` answer tells. Nothing in it repeats the handle: the question alone says whose it is. */
export function twinsOfUserId(call: Call, json: unknown): Twins | undefined {
  const read = v.safeParse(UserId, json);
  return read.success ? twinsNamed(user, { id: read.output.id, name: askedOf(call) }) : undefined;
}

/** The one value of a call that asks by id or by name: none of these has a second parameter. */
export function askedOf({ params }: Call): string {
  return params[0]?.[1] ?? "";
}

/** The call that asks for this id or name, read as a client's would be, so that its key is the client's; nothing for what nobody could ask. */
export function asking(path: Endpoint["path"], value: string): Call | undefined {
  const endpoint = findEndpoint(path);
  const [parameter] = endpoint?.parameters ?? [];
  // Half of a surrogate pair can stand in JSON, but in no URL: encoding it throws.
  if (endpoint === undefined || parameter === undefined || !value.isWellFormed()) return undefined;
  const read = readCall(endpoint, `${parameter.name}=${encodeURIComponent(value)}`);
  return read.kind === "call" ? read.call : undefined;
}

function twinsNamed(kind: Kind, { id, name }: Named): Twins | undefined {
  const byId = asking(kind.byId, id);
  const byName = asking(kind.byName, name);
  return byId === undefined || byName === undefined ? undefined : { byId, byName };
}
