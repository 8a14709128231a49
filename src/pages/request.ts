import type { Problem } from "../core/problem.ts";

/** A page as it is sent: its text, and the fields that go with every page. */
export type Rendered = { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** What the steps of a request for a page hand on. */
export type PagesEnv = {
  Variables: {
    requestId: string;
    /** Set where a person looks: how an error is shown. Programs get problem+json. */
    problemPage: ((problem: Problem, requestId: string) => Rendered) | undefined;
  };
};
