/** A 32-bit hash of a text: equal texts, equal numbers, over restarts too. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** Draws that depend on nothing but their key, so that a record comes out the same whenever and wherever it is asked for. */
export class Draws {
  #state: number;

  constructor(key: string) {
    this.#state = hash32(key);
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mixed(this.#state);
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor((this.bits() / 2 ** 32) * (most - least + 1));
  }

  /** A whole number between the two whose order of magnitude is what varies, as followers and views do. */
  magnitude(least: number, most: number): number {
    return Math.round(least * (most / least) ** (this.bits() / 2 ** 32));
  }

  oneIn(n: number): boolean {
    return this.int(1, n) === 1;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.int(0, list.length - 1)] ?? list[0];
  }

  hex(length: number): string {
    return this.#text(length, () => this.bits().toString(16).padStart(8, "0"));
  }

  digits(length: number): string {
    return this.#text(length, () => String(this.bits() % 1e9).padStart(9, "0"));
  }

  /** Letters and digits, as in file names and tokens. */
  token(length: number): string {
    return this.#text(length, () => ALPHANUMERICS.charAt(this.int(0, ALPHANUMERICS.length - 1)));
  }

  #text(length: number, part: () => string): string {
    let text = "";
    while (text.length < length) text += part();
    return text.slice(0, length);
  }
}

const ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Spreads every bit of the input over every bit of the output. */
function mixed(bits: number): number {
  let z = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
