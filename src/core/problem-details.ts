/** What makes a problem. All of it is public. */
export type Described = {
  /** A URI that clients switch on, so it never changes. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number | undefined;
};

/** An error for the client (RFC 9457). */
export class Problem extends Error {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfterSeconds: number | undefined;

  constructor({ type, title, status, detail, members = {}, headers = {}, retryAfterSeconds }: Described) {
    super(title);
    this.name = "Problem";
    this.type = type;
    this.title = title;
    this.status = status;
    this.detail = detail;
    this.members = members;
    this.headers = headers;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What leaves the house of a problem, ready for JSON. Its own members never hide the standard ones. */
export function toProblemBody(problem: Problem, requestId: string): Readonly<Record<string, unknown>> {
  const { type, title, status, detail, members } = problem;
  return { ...members, type, title, status, detail, request_id: requestId };
}
