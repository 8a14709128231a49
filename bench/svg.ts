export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Where the title begins. */
  readonly left: number;
  readonly lines: readonly string[];
};

/** An SVG in the colours of a page that is light unless its reader prefers a dark one. */
export function svg({ width, height, title, left, lines }: Drawing): string {
  const style =
    "svg{color:#1f2328;background:#fff}text{fill:currentColor;font:12px system-ui,sans-serif}.grid{stroke:currentColor;stroke-opacity:.15}";
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}@media (prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}</style>`,
    `<text x="${left}" y="20" style="font-weight:600">${escaped(title)}</text>`,
    ...lines,
    "</svg>",
  ].join("\n")}\n`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
