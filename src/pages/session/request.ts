import type { Session } from "../../core/session.ts";
import type { PagesEnv } from "../request.ts";
import type { Ask } from "./ask.ts";

/** What one form carries beside its own fields. */
export type Guarded = {
  readonly csrf: string;
  /** Of this form as it was rendered: sent twice, it acts once. */
  readonly once: string;
};

/** What the steps before a page of somebody signed in hand on. */
export type SessionEnv = {
  Variables: PagesEnv["Variables"] & {
    /** As it is to be kept: a page that sets another one changes the cookie. */
    session: Session;
    /** The control plane, as who is signed in. */
    ask: Ask;
    /** The sent form, checked; of a page that is only looked at, empty. */
    form: URLSearchParams;
    /** For each form of a page. */
    guard: () => Guarded;
  };
};
