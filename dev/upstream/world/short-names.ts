const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789._";
const BASE = BigInt(ALPHABET.length);
const LONGEST = 11;
const MODULUS = 10n ** 18n;

/** Multiplying by the one undoes multiplying by the other (modulo 10^18): neighbouring names get distant ids. */
const SPREAD = 618_033_988_749_894_847n;
const GATHER = inverse(SPREAD);

/** A number under 10^18 from which `name` can be read back; nothing when the name is too long or has other characters. */
export function numberOf(name: string): bigint | undefined {
  if (name.length > LONGEST) return undefined;
  let number = 0n;
  for (const character of name) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    // Digits from 1: with a zero among them, "a" and "aa" would be one number.
    number = number * BASE + BigInt(digit + 1);
  }
  return (number * SPREAD) % MODULUS;
}

/** The name that `numberOf` made this number of, if it made it of any. */
export function nameOf(number: bigint): string | undefined {
  let rest = (number * GATHER) % MODULUS;
  let name = "";
  while (rest > 0n && name.length <= LONGEST) {
    const digit = Number((rest - 1n) % BASE);
    name = ALPHABET.charAt(digit) + name;
    rest = (rest - 1n) / BASE;
  }
  return name.length >= 1 && name.length <= LONGEST ? name : undefined;
}

/** Each round doubles the number of decimal digits that are right; it begins with one, 7 times 3 being 1 modulo 10. */
function inverse(factor: bigint): bigint {
  let guess = 3n;
  for (let right = 1; right < 18; right *= 2) guess = (guess * (2n - factor * guess)) % MODULUS;
  return (guess + MODULUS) % MODULUS;
}
