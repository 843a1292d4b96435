import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit, requireProvider } from "@/server/tenancy";
import { readInbox, type InboxView } from "../inbox";
import { listOpenPushes, type PushRow } from "../push";
import { compareInvoices } from "./rules";
import { replaceDifferences, selectBooked, selectDifferences, selectLinesOff, selectMeteredStopped, selectRunningUnmetered } from "./store";
import type { Difference, DifferenceRow, ListedInvoice } from "./types";

/** Two whole periods back: what is older was compared while it was younger. */
const RANGE_MS = 62 * 86_400_000;
/** Younger than this, an invoice may still be on its way, and a machine's first window too. */
const SETTLE_MS = 5 * 60_000;
const MOST = 500;

/** The moments between which invoices are compared. */
export function comparedRange(context: Context): { readonly from: Date; readonly to: Date } {
  const nowMs = context.clock.nowMs();
  return { from: new Date(nowMs - RANGE_MS), to: new Date(nowMs + SETTLE_MS) };
}

/**
 * Compares host facts with usage, usage with invoices, and invoices with the provider's own list (null where no provider is
 * set up). Each difference is a row with a name; one that is gone is removed. Answers how many there are.
 */
export async function compareBooks(context: Context, listed: readonly ListedInvoice[] | null): Promise<number> {
  return inTransaction(
    context,
    async (tx) => {
      const now = context.clock.now();
      const settled = new Date(now.getTime() - SETTLE_MS);
      const found: Difference[] = [];
      for (const row of await selectRunningUnmetered(tx, settled)) {
        found.push({ name: "running-without-window", organizationId: row.organizationId, subjectId: row.instanceId, text: "A host runs this machine and nothing meters it. See the loop observe-hosts.", hostFacts: sentence("fact-running-since", { startedAt: row.runningSince.toISOString() }), ledger: sentence("fact-no-open-window") });
      }
      for (const row of await selectMeteredStopped(tx, settled)) {
        found.push({ name: "window-without-machine", organizationId: row.organizationId, subjectId: row.windowId, text: `The usage window of ${row.instanceId} is open, and no host runs the machine. Nothing is billed beyond what was confirmed.`, hostFacts: sentence(row.state === "stopped" ? "fact-state-stopped" : row.state === "absent" ? "fact-state-absent" : "fact-state-never-seen"), ledger: sentence("fact-open-window") });
      }
      const { from } = comparedRange(context);
      for (const row of await selectLinesOff(tx, from)) {
        found.push({ name: "line-differs-from-windows", organizationId: row.organizationId, subjectId: row.lineId, text: `A line of the invoice ${row.invoiceId} asks for more than its windows hold. Issue a credit note.`, hostFacts: sentence("fact-unit-ms", { unitMs: row.windowUnitMs }), ledger: sentence("fact-unit-ms", { unitMs: row.lineUnitMs }) });
      }
      if (listed !== null) {
        const booked = (await selectBooked(tx, from, now)).filter((invoice) => invoice.remoteId !== null || invoice.issuedAt < settled);
        found.push(...compareInvoices(booked, listed));
      }
      await replaceDifferences(tx, found.map((difference) => ({ ...difference, id: mintId("difference", context) })), now);
      await announce(tx, { organizationId: null, topic: "payment", id: "reconciliation" });
      return found.length;
    },
    { isolation: "repeatable read" },
  );
}

/** The differences of the last comparison, by name. */
export function readDifferences(context: Context): Promise<readonly DifferenceRow[]> {
  requireProvider(context);
  return inTransaction(context, (tx) => selectDifferences(tx, MOST), { readOnly: true });
}

/** Asks for a comparison now. */
export async function requestComparison(context: Context): Promise<void> {
  requireProvider(context);
  await inTransaction(context, async (tx) => {
    await wake(tx, "reconcile-books");
    await recordAudit(tx, context, { organizationId: null, action: "reconciliation.requested", targetKind: "reconciliation", targetId: "books" });
  });
}

/** What waits for the provider and what came from it. */
export async function readSyncState(context: Context): Promise<{ readonly pushes: readonly PushRow[]; readonly inbox: InboxView }> {
  requireProvider(context);
  return inTransaction(context, async (tx) => ({ pushes: await listOpenPushes(tx), inbox: await readInbox(tx) }), { isolation: "repeatable read", readOnly: true });
}
