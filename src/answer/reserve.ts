import type { Counters, Ledger, Reservation, Reserve, SpendingBooks } from "../core/ledger.ts";
import type { Background, Log, WaitBudget } from "../core/ports.ts";

export type ReservePorts = {
  readonly ledger: Ledger;
  readonly counters: Counters;
  readonly spendingBooks: SpendingBooks;
  readonly randomBits: () => string;
  readonly pause: (ms: number) => Promise<void>;
  /** When taking a reservation back that got no answer is tried again, milliseconds after each try. */
  readonly settleAgainMs: readonly number[];
  readonly clock: () => number;
  /** How long an interactive call waits for its upstream key to have room, milliseconds. */
  readonly capacityWaitMs: number;
  readonly log: Log;
};

export type ReserveOrder = Omit<Reserve, "randomBits" | "patienceMs">;

type Waiting = {
  readonly wait: WaitBudget;
  readonly background: Background;
  /** Whether another request's fetch brought the answer while this one waited for room: then there is nothing to pay for. */
  readonly isAnswered?: () => Promise<boolean>;
};

/**
 * Takes the credits. An interactive call that finds no room on its upstream key asks again at the time that it was told, for as long as it
 * has patience; every other refusal is immediate. Fails closed: without the ledger, or with counters that nobody can rebuild, nothing is
 * reserved.
 */
export async function reserve(ports: ReservePorts, order: ReserveOrder, waiting: Waiting): Promise<Reservation> {
  const { clock, pause, capacityWaitMs } = ports;
  const patience = order.priority === "interactive" ? capacityWaitMs : 0;
  const giveUpAtMs = clock() + patience;
  const randomBits = ports.randomBits();
  let mayRebuild = true;
  for (;;) {
    const patienceMs = Math.max(0, giveUpAtMs - clock());
    const reservation = await ask(ports, { ...order, randomBits, patienceMs }, waiting);
    if (reservation.kind === "uncounted") {
      if (!mayRebuild) return { kind: "unavailable" };
      mayRebuild = false;
      // Should it fail, the ledger is asked all the same: of many that find them missing at once one is enough.
      await rebuild(ports, order.tenantId, waiting);
    } else if (reservation.kind === "busy" && reservation.inMs <= patienceMs) {
      await pause(reservation.inMs);
      if (await waiting.isAnswered?.()) return { kind: "leased" };
    } else {
      return reservation;
    }
  }
}

/** A reservation that came too late, or whose reply was lost, is taken back: nothing will be dispatched for it. */
async function ask(ports: ReservePorts, request: Reserve, { wait, background }: Waiting): Promise<Reservation> {
  let asking: Promise<Reservation> | undefined;
  const start = () => (asking = ports.ledger.reserve(request));
  const reservation = await wait.within(start, { kind: "unavailable" }, "ledger");
  if (reservation.kind === "unavailable" && asking !== undefined) {
    background(asking.then(() => takeBack(ports, request)));
  }
  return reservation;
}

/** As patient as settling: what stays open is swept, and then a credit that nobody spent is in doubt. */
async function takeBack({ ledger, settleAgainMs, pause, log }: ReservePorts, request: Reserve): Promise<void> {
  for (const ms of [...settleAgainMs, undefined]) {
    try {
      return await ledger.release(request);
    } catch (error) {
      if (ms === undefined) return log.error("reservation-left-to-the-sweep", { error });
      await pause(ms);
    }
  }
}

/** A missing counter is not zero: what the books say is put in its place, with what is on its way to them and is held there meanwhile. */
async function rebuild(ports: ReservePorts, tenantId: string, { wait }: Waiting): Promise<void> {
  const { counters, spendingBooks, log } = ports;
  try {
    const hold = await wait.within(() => counters.holdOutbox(tenantId), undefined, "ledger");
    const booked = hold === undefined ? undefined : await spendingBooks.of(tenantId);
    if (hold === undefined || booked === undefined) return;
    log.info("counters-rebuilt", { tenantId, spent: booked.spent });
    await wait.within(() => counters.rebuild(booked, hold), undefined, "ledger");
  } catch (error) {
    log.error("counters-not-rebuilt", { error, tenantId });
  }
}
