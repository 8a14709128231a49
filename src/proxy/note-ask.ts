import type { Answer } from "../answer/answer.ts";
import type { Entry } from "../core/entry.ts";
import { countsForWarming } from "../core/warm.ts";
import type { AskCounter } from "../core/warm-ports.ts";
import type { Asked } from "./request.ts";

export type NoteAskPorts = {
  readonly asks: AskCounter;
  readonly publicTenantId: string | undefined;
  /** 0 is no warming, and then nothing is noted. */
  readonly warmBudget: number;
};

/** Notes what was asked for, hit or miss, so that what is hot is kept warm. Fails open: a note may be lost, and then an answer is cooler than it is. */
export const noteAsk = ({ asks, publicTenantId, warmBudget }: NoteAskPorts) =>
  function noteAsk({ identity, background }: Asked, answer: Answer): void {
    const entry = entryOf(answer);
    if (warmBudget === 0 || entry === null) return;
    if (!countsForWarming(entry, identity.tenant, publicTenantId !== undefined)) return;
    asks.add(entry.identity, background);
  };

/** Nothing of a download, which is never kept, and of what was refused. */
function entryOf(answer: Answer): Entry | null {
  if (answer.kind === "refused") return null;
  return answer.kind === "fetched" ? answer.entry : answer.stored.entry;
}
