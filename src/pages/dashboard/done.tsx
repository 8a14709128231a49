import type { FC } from "hono/jsx";

/** What a form did, said by the page that it leads to. The query names it; the words are ours. */
export const Done: FC<{ readonly done: string | undefined; readonly words: Readonly<Record<string, string>> }> = ({
  done = "",
  words,
}) =>
  Object.hasOwn(words, done) ? (
    <div class="notice" role="status">
      <p>{words[done]}</p>
    </div>
  ) : null;
