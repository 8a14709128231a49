import { checkPartitions, type PartitionPorts } from "./check-partitions.ts";
import { closeInvoices, type CloseInvoicesPorts } from "./close-invoices.ts";
import { reconcile, type ReconcilePorts } from "./reconcile.ts";
import { resendEvents, type ResendPorts } from "./resend-events.ts";
import { retain, type RetainPorts } from "./retain.ts";
import { runLeased, type Job, type LeasePorts } from "./run-leased.ts";
import { sweep, type SweepPorts } from "./sweep.ts";
import { warm, type WarmPorts } from "./warm.ts";
import { watchBalances, type WatchBalancesPorts } from "./watch-balances.ts";

export type CronPorts = LeasePorts &
  SweepPorts &
  ResendPorts &
  ReconcilePorts &
  PartitionPorts &
  RetainPorts &
  CloseInvoicesPorts &
  WatchBalancesPorts &
  WarmPorts;

const jobs: readonly Job<CronPorts>[] = [
  { name: "sweep", run: sweep },
  { name: "resend-events", run: resendEvents },
  { name: "reconcile", run: reconcile },
  { name: "check-partitions", run: checkPartitions },
  { name: "retain", run: retain },
  { name: "close-invoices", run: closeInvoices },
  { name: "watch-balances", run: watchBalances },
  { name: "warm", run: warm },
];

/** What time brings. Every job catches up from state, so a run that was missed, cut off or doubled changes nothing. */
export const onSchedule = (ports: CronPorts) => (): Promise<void> => runLeased(ports, jobs);
