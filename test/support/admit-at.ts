import { ADMISSION } from "../../src/adapters/upstash-admission-script.ts";
import { WINDOWS } from "../../src/adapters/upstash-clock-script.ts";
import type { Reserve } from "../../src/core/ledger.ts";
import type { AdmissionSettings, memoryAdmission } from "./memory-admission.ts";

/** Of every dispatch: whoever asks here has not asked before. */
const BITS = "0123456789abcdef0123";

/** What admission heeds of a reservation. */
export type Asking = Pick<Reserve, "tenantId" | "priority" | "patienceMs" | "candidates">;

/** The function as the reservation script calls it, at a time that is handed in. Its arguments are those of `argumentsAt`. */
export const ADMIT_AT = `${WINDOWS}${ADMISSION}
local picked = admit(redis.call("MGET", unpack(KEYS, 4)), tonumber(ARGV[2]))
if picked.ring then redis.call("SET", picked.key, picked.ring) end
if picked.kind == "admitted" then return { picked.kind, picked.id, picked.marked, picked.ring } end
return { picked.kind, whole(picked.inMs), picked.cap }
`;

/** How many keys, then the keys, then what the script reads. The reservation's own keys and arguments are not looked at. */
export function argumentsAt(nowMs: number, settings: AdmissionSettings, asking: Asking): (string | number)[] {
  const { windowMs, perSecond, secondMs, catchUpMs, breakerRestMs } = settings;
  const { tenantId, priority, patienceMs, candidates } = asking;
  const keys = [...unread(3), ...candidates.flatMap(({ id }) => [`ring-${id}`, `marks-${id}`])];
  return [
    keys.length,
    ...keys,
    BITS,
    nowMs,
    ...unread(5),
    tenantId.slice(-12).padStart(12, "0"),
    priority,
    patienceMs,
    windowMs,
    `${perSecond} ${secondMs}`,
    catchUpMs,
    breakerRestMs,
    ...candidates.flatMap(({ id, cap }) => [id, cap]),
  ];
}

function unread(count: number): string[] {
  return Array.from({ length: count }, () => "");
}

/** What the twin decides, does, and has written, in the words of the script. */
export function saidByTwin(admission: ReturnType<typeof memoryAdmission>, asking: Asking, nowMs: number): string {
  const decided = admission.admit({ ...asking, randomBits: BITS }, nowMs);
  if (decided.kind !== "admitted") return [decided.kind, decided.inMs, decided.cap].join(" ");
  decided.commit();
  return [decided.kind, decided.id, Number(decided.isMarked), admission.written(decided.id)].join(" ");
}
