import { gatewayClasses } from "./gateway-classes.ts";
import type { Asked } from "./load-child.ts";
import { bareHellos, barePage, ceilings, directUpstream, honoHello, type RequestClass } from "./request-classes.ts";

/** A class of requests and where it is asked. */
export type Target = {
  readonly requestClass: RequestClass;
  readonly origin: string;
  readonly headers: Asked["headers"];
};

/** What other rows are compared with. */
const measures: readonly RequestClass[] = [...bareHellos, honoHello];

export type Where = {
  readonly upstreamUrl: string;
  readonly keys: Readonly<Record<Exclude<RequestClass["key"], "none">, string>>;
  origin(worker: string): string;
};

/** All rows whose name fits, in the order in which they are measured, and those that they are compared with. */
export function targetsAt({ upstreamUrl, keys, origin }: Where, only: RegExp): readonly Target[] {
  const chosen = [...ceilings, ...gatewayClasses].filter(({ name }) => only.test(name));
  const others = [directUpstream, barePage].filter(
    (other) => !chosen.includes(other) && chosen.some(({ beside }) => beside === other.name),
  );
  return [...measures, ...chosen, ...others].map((requestClass) => ({
    requestClass,
    origin: requestClass.worker === null ? upstreamUrl : origin(requestClass.worker),
    headers: requestClass.key === "none" ? {} : { "x-api-key": keys[requestClass.key] },
  }));
}

/** The request as it is sent: `label` keeps the calls of a class apart that asks for new ones. */
export function askedOf({ requestClass: { path, renews }, origin, headers }: Target, label: string): Asked {
  return { origin, headers, renews, path: renews ? `${path}_${label}_` : path };
}

export function check(target: Target, answers: readonly { status: number; cacheStatus: string }[]): void {
  const astray = answers.filter((answer) => !goesItsWay(target.requestClass, answer));
  const [first] = astray;
  if (first === undefined || astray.length <= answers.length * target.requestClass.strays) return;
  const { name } = target.requestClass;
  throw new Error(`${name}: ${astray.length} of ${answers.length} responses, ${first.status} "${first.cacheStatus}"`);
}

export function goesItsWay(
  { status, cacheStatus }: RequestClass,
  answer: { readonly status: number; readonly cacheStatus: string },
): boolean {
  return answer.status === status && (cacheStatus?.test(answer.cacheStatus) ?? true);
}
