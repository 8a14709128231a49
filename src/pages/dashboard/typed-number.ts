/** A whole number that was typed in. Anything else stays the text that it is, nothing too: `/v1` refuses it by name. */
export function typedNumber(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
