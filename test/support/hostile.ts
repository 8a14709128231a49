/** Ends whatever it could stand in, and then runs something or breaks the layout. */
export const HOSTILE = [
  `"><script>alert(1)</script>`,
  `'><img src=x onerror=alert(2)>`,
  `</title></pre></textarea><svg onload=alert(3)>`,
  `javascript:alert(4)//`,
  `{{7*7}}\${7*7}<!--`,
  `\u202Eright to left\u2066`,
  "W".repeat(60),
] as const;

/** All of them as one text, as far as a field takes it. */
export function hostileText(most: number): string {
  return HOSTILE.join(" ").slice(0, most);
}
