import type { BrowserContext } from "playwright-core";

/** Draws something in the place of the pictures that the emulated upstream only names. */
export async function answerPictures(context: BrowserContext, origin: string): Promise<void> {
  await context.route(
    (url) => url.origin !== origin,
    (route) => route.fulfill({ contentType: "image/svg+xml", body: drawn(route.request().url()) }),
  );
}

/** Two colours that depend on nothing but the address. */
function drawn(url: string): string {
  const hue = Array.from(url, (letter) => letter.charCodeAt(0)).reduce((sum, code) => (sum * 31 + code) % 360, 7);
  const colours = [hue, (hue + 70) % 360].map((angle) => `hsl(${angle} 55% 55%)`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="360" height="480"><defs><linearGradient id="g" y2="1">
    <stop stop-color="${colours[0]}"/><stop offset="1" stop-color="${colours[1]}"/></linearGradient></defs>
    <rect width="360" height="480" fill="url(#g)"/></svg>`;
}
