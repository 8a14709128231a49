import { Draws } from "./draws.ts";
import { drawsFor, nowSeconds, type Moment } from "./moment.ts";

/*
 * Hosts under .example: nobody's server gets requests for files that do not exist. A signed URL lives two to five and a half hours
 * from now, and changes with the hour it was signed in.
 */

/** A signed picture: its expiry is the `x-expires` parameter. */
export function imageUrl(moment: Moment, owner: string, style: string): string {
  const draws = drawsFor(moment, "image", owner, style);
  const file = `https://p${draws.int(16, 19)}-sign.media.example/tos-maliva-p-0068/${draws.hex(32)}~tplv-${style}.jpeg`;
  const expires = expirySeconds(moment, draws);
  const signature = new Draws(`${file}/${expires}`).token(27);
  return `${file}?dr=14579&refresh_token=${draws.hex(8)}&x-expires=${expires}&x-signature=${signature}%3D&t=4d5b0474&ps=13740610&idc=maliva`;
}

/** A signed clip: every second one has its expiry in the path, eight hex digits, the others in `x-expires`. */
export function clipUrl(moment: Moment, owner: string, style: "play" | "wmplay" | "hdplay"): string {
  const draws = drawsFor(moment, "clip", owner, style);
  const file = `video/tos/maliva/tos-maliva-ve-0068c799/${draws.token(30)}/`;
  const shape = `a=1233&bti=OUBzOTg7QGo6OjZAL3AjLTAzYCMxNDNg&ch=0&br=${draws.int(400, 4000)}&bt=${draws.int(200, 2000)}&mime_type=video_mp4`;
  return signed(moment, draws, { host: "v16m.media.example", file, shape });
}

/** A signed sound. */
export function soundUrl(moment: Moment, musicId: string): string {
  const draws = drawsFor(moment, "sound", musicId);
  // The number in the path names the file, not the sound.
  const file = `obj/ies-music/${draws.digits(19)}.mp3`;
  return signed(moment, draws, { host: "sf16-ies-music.media.example", file, shape: "a=1233&mime_type=audio_mpeg" });
}

type File = { readonly host: string; readonly file: string; readonly shape: string };

function signed(moment: Moment, draws: Draws, { host, file, shape }: File): string {
  const inPath = draws.oneIn(2);
  const expires = expirySeconds(moment, draws);
  const signature = new Draws(`${file}/${expires}`).hex(32);
  if (inPath) return `https://${host}/${signature}/${expires.toString(16).padStart(8, "0")}/${file}?${shape}&vvpl=1`;
  return `https://${host}/${file}?${shape}&x-expires=${expires}&x-signature=${signature}`;
}

function expirySeconds(moment: Moment, draws: Draws): number {
  const hour = Math.floor(nowSeconds(moment) / 3600) * 3600;
  return hour + draws.int(3 * 3600, 5.5 * 3600);
}
