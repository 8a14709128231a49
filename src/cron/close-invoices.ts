import { closedInvoice, nextToClose } from "../core/invoice.ts";
import type { Log } from "../core/ports.ts";
import type { DueInvoice, Statements } from "../core/statement-ports.ts";

export type CloseInvoicesPorts = {
  readonly statements: Statements;
  /** How long after its month an invoice is closed, milliseconds: what comes in until then is still in it. */
  readonly invoiceCloseMs: number;
  readonly clock: () => number;
  readonly log: Log;
};

/** What one run takes on: each is two requests of the 1,000 that an invocation has. The next run goes on where it ended. */
const MOST = 200;

/** Whoever waited three days waits some minutes more; to ask is to look at every tenant. */
const REST_MS = 600_000;

/**
 * Closes the invoices of months that are over, oldest first, and for each tenant one month after the other, so that what came in late stands
 * on exactly one of them. Runs may overlap or be missed: what is due is found from state, and an invoice is kept once. One that
 * fails holds up its own tenant alone. Rests once nothing is left.
 */
export async function closeInvoices(ports: CloseInvoicesPorts): Promise<number> {
  const { statements, invoiceCloseMs, clock, log } = ports;
  const failed = new Set<string>();
  let left = MOST;
  try {
    for (;;) {
      const due = await statements.due(clock() - invoiceCloseMs, left);
      const open = due.filter(({ tenantId }) => !failed.has(tenantId));
      for (const invoice of open) if (!(await close(ports, invoice))) failed.add(invoice.tenantId);
      left -= open.length;
      if (open.length === 0) return failed.size > 0 ? 0 : REST_MS;
      if (left <= 0) return 0;
    }
  } catch (error) {
    log.error("invoices-not-closed", { error });
    return 0;
  }
}

/** False when it failed. Closed by another run meanwhile is done. */
async function close({ statements, clock, log }: CloseInvoicesPorts, due: DueInvoice): Promise<boolean> {
  const { tenantId, month } = due;
  try {
    const found = await statements.invoice(tenantId, month);
    if (found === undefined || nextToClose(found.facts) !== month) return true;
    const invoice = await closedInvoice(found.facts, month, clock());
    if (await statements.keep(invoice)) log.info("invoice-closed", { tenantId, month, number: invoice.number });
    return true;
  } catch (error) {
    log.error("invoice-not-closed", { error, tenantId, month });
    return false;
  }
}
