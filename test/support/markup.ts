import { jsx, type FC } from "hono/jsx";

/** A part of a page as HTML. */
export function markup<Props extends object>(part: FC<Props>, props: Props): string {
  const html = jsx(part, { ...props }).toString();
  if (typeof html !== "string") throw new TypeError("a page waits for nothing while it is rendered");
  return html;
}
