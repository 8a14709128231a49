import type { Draws } from "./draws.ts";

const CONSONANTS = "bcdfghjklmnprstvwyz";
const VOWELS = "aeiou";

/** A handle of at most eleven characters: its id can be computed. Some 10^10 are to be had, so hardly any comes twice. */
export function inventHandle(draws: Draws): string {
  const syllable = () => CONSONANTS.charAt(draws.int(0, 18)) + VOWELS.charAt(draws.int(0, 4));
  const name = Array.from({ length: 4 }, syllable).join("");
  return `${name}${draws.pick(["", ".", "_"])}${draws.int(1, 99)}`;
}

const NICKNAMES = [
  "Lina ✨",
  "Mateo Rojas",
  "ゆき",
  "Big Tom 🏀",
  "Zoë & Max",
  "Cook with Ama",
  "Олег",
  "dani/dance",
] as const;

export function inventNickname(draws: Draws): string {
  return `${draws.pick(NICKNAMES)} ${draws.int(1, 9_999)}`;
}

const BIOS = [
  "📍 Lisbon\nmail: booking@creator.example\nnew video every Friday",
  "just here for the comments",
  "Fotos / vídeos / café ☕",
  "",
  'Chef & dad of 3. "Cook it slow."\nrecipes ⬇️',
  "毎日投稿してます 🐈",
] as const;

export function inventBio(draws: Draws): string {
  return draws.pick(BIOS);
}

const OPENINGS = [
  "POV: you found the last one",
  "Wait for it…",
  "Day {n} of learning this 😭",
  "How I plan/shoot/edit in {n} min",
] as const;
const TAGS = ["#fyp", "#viral", "#läufer", "#comida", "#asmr", "#猫", "#diy", "#gym"] as const;

/** A post's text. Production has seen an explicit null here. */
export function inventTitle(draws: Draws): string | null {
  if (draws.oneIn(16)) return null;
  const opening = draws.pick(OPENINGS).replace("{n}", String(draws.int(2, 90)));
  return `${opening} ${draws.pick(TAGS)} ${draws.pick(TAGS)} ${draws.pick(TAGS)}`;
}

const REMARKS = [
  "first 😂😂",
  "where can I get this??",
  "not me watching this at 3am 💀",
  "¡qué bonito! ❤️",
  "status: obsessed",
  "この曲なに？",
  "came from the other video, was not disappointed",
  "Not found post",
] as const;

export function inventRemark(draws: Draws): string {
  return draws.pick(REMARKS);
}

const SOUNDS = [
  "original sound",
  "Slow Hours",
  "Neon/Night (Sped Up)",
  "son original",
  "Café del Día",
  "オリジナル楽曲",
] as const;

export function inventSound(draws: Draws): string {
  return `${draws.pick(SOUNDS)} ${draws.int(1, 999)}`;
}

const THEMES = [
  "Best of",
  "Travel",
  "Recipes",
  "Workouts",
  "Q&A",
  "Behind the scenes",
  "Part 1–20",
  "Favourites ★",
] as const;

export function inventListName(draws: Draws): string {
  return `${draws.pick(THEMES)} ${draws.int(1, 99)}`;
}
