import type { PurgedAt } from "../core/purge.ts";
import { NEVER_PURGED } from "../core/purge.ts";

type Marked = { readonly digest: string; readonly subjects: readonly string[] };

/** Where it stands when an answer was purged: by its call, by what it is about, or with everything, in each of these views. */
export function markKeys(views: readonly string[], { digest, subjects }: Marked): readonly string[] {
  return views.flatMap((view) => [
    everythingMark(view),
    callMark(view, digest),
    ...subjects.map((each) => subjectMark(view, each)),
  ]);
}

export function everythingMark(view: string): string {
  return `tkp:${view}:all`;
}

export function callMark(view: string, digest: string): string {
  return `tkp:${view}:call:${digest}`;
}

export function subjectMark(view: string, subject: string): string {
  return `tkp:${view}:about:${subject}`;
}

/** The two times of a mark, `<hard> <soft>`. */
export function parseMark(text: string | null): PurgedAt {
  const [, hard, soft] = /^(\d+) (\d+)$/.exec(text ?? "") ?? [];
  return hard === undefined || soft === undefined ? NEVER_PURGED : { hardMs: Number(hard), softMs: Number(soft) };
}
