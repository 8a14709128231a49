/** What a Worker can ask for outside its isolate. `limiter` is Redis as well, asked for tokens. */
export type OperationKind = "redis" | "limiter" | "postgres" | "upstream" | "cache" | "queue";

/** One thing that was asked for. `began` and `ended` count turns: each beginning and each end of anything is one. */
export type Operation = {
  readonly kind: OperationKind;
  readonly began: number;
  /** Nothing while it is under way. */
  readonly ended: number | null;
  /** Of what was sent and of what came back, without HTTP's own. */
  readonly bytes: number;
  /** What was put into a queue. */
  readonly messages: readonly unknown[];
};

/** What was asked for since the counting began, by the requests that came since. */
export type Recording = {
  readonly operations: readonly Operation[];
  /** The turn at which the last response was there; nothing before. */
  readonly answered: number | null;
  /** What was handed to the platform to be done behind a response, and is not done yet. */
  readonly behind: number;
};

/** The operations that were over when the response was there. The test build makes all of them slow, so it waited for these and no others. */
export function awaitedOf({ operations, answered }: Recording): readonly Operation[] {
  return operations.filter(({ ended }) => answered !== null && ended !== null && ended < answered);
}

export function isOfRedis({ kind }: Operation): boolean {
  return kind === "redis" || kind === "limiter";
}

/** How many of them came one after another: the longest chain in which each began after the one before it had ended. */
export function depthOf(operations: readonly Operation[]): number {
  const over: { readonly ended: number; readonly depth: number }[] = [];
  for (const { began, ended } of operations.toSorted((one, other) => one.began - other.began)) {
    const before = over.filter((each) => each.ended < began).map(({ depth }) => depth);
    over.push({ ended: ended ?? Infinity, depth: 1 + Math.max(0, ...before) });
  }
  return Math.max(0, ...over.map(({ depth }) => depth));
}

/** How many were under way at the same time, at the most. */
export function mostAtOnce(operations: readonly Operation[]): number {
  const underWayAt = (turn: number) =>
    operations.filter(({ began, ended }) => began <= turn && turn < (ended ?? Infinity)).length;
  return Math.max(0, ...operations.map(({ began }) => underWayAt(began)));
}
