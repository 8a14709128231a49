import * as v from "valibot";
import { tryKey, type TriedKey, type TryPorts } from "../answer/try-key.ts";
import type { Act } from "../core/act.ts";
import type { UpstreamKeyState, Vault } from "../core/control-ports.ts";
import type { Background } from "../core/ports.ts";
import { problems, toProblemBody } from "../core/problem.ts";
import { UpstreamKeyVersion, type UpstreamKeySwap } from "../core/resources.ts";
import { seal } from "../core/sealed-key.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";
import { currentVersion } from "../core/versioned.ts";
import { confirmed, type ConfirmedPorts } from "./confirmed.ts";
import { rowOf } from "./idempotent.ts";
import { found } from "./shapes.ts";

export type SwapPorts = TryPorts &
  ConfirmedPorts & {
    readonly vault: Vault;
    readonly keks: () => Promise<ReadonlyMap<number, CryptoKey>>;
    readonly random: (bytes: number) => Uint8Array;
    readonly newEventId: () => string;
    /** For how long requests that began on a replaced key go on with it, milliseconds: until every isolate has heard, and a little. */
    readonly keyRetireMs: number;
    /** A key that is pending for longer is left over from a Worker that was ended, milliseconds. */
    readonly probingMs: number;
  };

type Outcome = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

export type Swapping = {
  readonly tenantId: string;
  /** The upstream key in clear. */
  readonly clear: string;
  readonly requestId: string;
  readonly background: Background;
  /** An act of this request. With an outcome it is the last one, and that is what a repetition of the request gets. */
  readonly act: (doing: Pick<Act, "action" | "subject" | "detail">, outcome?: Outcome) => Act;
};

type Trial = Swapping & {
  readonly state: UpstreamKeyState;
  readonly id: string;
  readonly pending: UpstreamKeyVersion;
};

/**
 * Puts a tenant's own key in the place of what paid before: kept as pending, tried on the upstream, and made the active one if the active
 * one still is what it was. Nothing in flight is dropped: what began on the old key ends on it. Fails closed: a key that was not let in
 * never pays, and the old one stays.
 */
export async function swapKey(ports: SwapPorts, swapping: Swapping): Promise<UpstreamKeySwap & { pending: boolean }> {
  const { tenantId, act, clear } = swapping;
  const state = found(await ports.vault.state(tenantId));
  if (!state.allowed) throw problems.conflict("The tenant's plan lets it bring no upstream key.");
  await endAbandoned(ports, swapping, state);

  const sealed = await sealNext(ports, swapping, state);
  const { id, version } = sealed;
  const adding = act({ action: "upstream-key.add", subject: id, detail: { version } });
  const pending = rowOf(await ports.vault.add(adding, sealed, lastOf(clear)));
  const tried = await tryKey(ports, { ...swapping, sealed });
  const trial = { ...swapping, state, id, pending };
  return tried.verdict === "good" ? activate(ports, trial, tried) : refuse(ports, trial, tried);
}

/** One key at a time is on trial: the second of two would be paid for in vain. */
async function endAbandoned(ports: SwapPorts, swapping: Swapping, { versions }: UpstreamKeyState): Promise<void> {
  for (const { id, version, created_at: begun } of versions.filter(({ status }) => status === "pending")) {
    if (ports.clock() - Date.parse(begun) < ports.probingMs) throw problems.upstreamKeyOnTrial();
    await reject(ports, swapping, { id, version, reason: "not-probed" });
  }
}

async function sealNext(
  { keks, random, newEventId }: SwapPorts,
  { tenantId, clear }: Swapping,
  { versions }: UpstreamKeyState,
): Promise<SealedUpstreamKey> {
  const { version: kekVersion, value: kek } = currentVersion(await keks());
  const version = Math.max(0, ...versions.map((each) => each.version)) + 1;
  return seal({ clear, id: newEventId(), tenantId, version, downloadTier: false, kekVersion, kek, random });
}

async function activate(ports: SwapPorts, trial: Trial, { probes, downloadTier }: TriedKey) {
  const { tenantId, state, id, act } = trial;
  const retiresAt = new Date(ports.clock() + ports.keyRetireMs).toISOString();
  const active = { ...trial.pending, status: "active" as const, download_tier: downloadTier };
  const replaced = state.versions.find((each) => each.id === state.activeId && each.status === "active");
  const previous =
    replaced === undefined
      ? null
      : { ...viewOf(replaced), status: "retired" as const, retires_at: retiresAt, reason: "replaced" };
  const swapped: UpstreamKeySwap = { active, previous, probes: [...probes], credits_charged: chargedFor(probes) };
  const detail = { version: active.version, download_tier: downloadTier, credits_charged: swapped.credits_charged };
  const swap = act(
    { action: "upstream-key.swap", subject: id, detail },
    { status: 200, body: { ...swapped, pending: false } },
  );
  const { result, pending } = await confirmed(ports, { kind: "tenant", tenantId }, () =>
    ports.vault.swap(swap, { tenantId, id, downloadTier, expected: state.activeId, retiresAt }),
  );
  // Who was faster decides; the loser has paid for its probes, and may try again.
  if (result.kind !== "done") await reject(ports, trial, { id, version: active.version, reason: "overtaken" });
  return { ...swapped, active: rowOf(result), pending };
}

/** A refusal is an outcome and remembered; a key of which nothing was learned may be sent again, under the same idempotency key too. */
async function refuse(ports: SwapPorts, trial: Trial, { verdict, probes }: TriedKey): Promise<never> {
  const { id, requestId } = trial;
  const { version } = trial.pending;
  const cost = { probes, credits_charged: chargedFor(probes) };
  if (verdict !== "rejected") {
    // Absent when its tenant was deleted meanwhile: then nobody could ask for it, and trying again would not help.
    const rejected = await reject(ports, trial, { id, version, reason: "not-probed", cost });
    if (rejected.kind === "absent") rowOf(rejected);
    throw problems.upstreamKeyNotProbed(cost);
  }
  const problem = problems.upstreamKeyRejected(cost);
  const outcome = { status: problem.status, body: toProblemBody(problem, requestId) };
  const rejected = await reject(ports, trial, { id, version, reason: "rejected", cost, outcome });
  if (rejected.kind === "repeated") rowOf(rejected);
  throw problem;
}

type Rejection = {
  readonly id: string;
  readonly version: number;
  readonly reason: Parameters<Vault["reject"]>[1]["reason"];
  readonly cost?: object;
  readonly outcome?: Outcome;
};

function reject({ vault }: SwapPorts, { tenantId, act }: Swapping, { id, reason, outcome, ...rest }: Rejection) {
  const { version, cost } = rest;
  const doing = { action: "upstream-key.reject", subject: id, detail: { version, reason, ...cost } };
  return vault.reject(act(doing, outcome), { tenantId, id, reason });
}

/** A version as `/v1` shows it: without the id, which names the key in the books. */
export function viewOf(version: UpstreamKeyState["versions"][number]): UpstreamKeyVersion {
  return v.parse(UpstreamKeyVersion, version);
}

function chargedFor(probes: TriedKey["probes"]): number {
  return probes.reduce((sum, probe) => sum + probe.credits_charged, 0);
}

/** What its owner knows a key by. Of a short one four characters would be too much of it. */
function lastOf(clear: string): string {
  return clear.length < 12 ? "" : clear.slice(-4);
}
