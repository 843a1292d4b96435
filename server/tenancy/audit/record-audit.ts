import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { hashContent, toPlain } from "./rules";
import { appendEntry, ensureHead } from "./store";
import { PROVIDER_CHAIN, type AuditContent, type AuditRecord } from "./types";

/**
 * Writes who did what to what into the trail, in the transaction that does it: neither happens without the other.
 * Locks the chain's head until commit, so call it after every other write of the transaction; all mutations of one
 * organization queue here, and a lock taken last is held shortest and never deadlocks with one taken before.
 */
export async function recordAudit(tx: Transaction, context: Context, record: AuditRecord): Promise<void> {
  const organizationId = record.organizationId === undefined ? context.organizationId : record.organizationId;
  const chain = organizationId ?? PROVIDER_CHAIN;
  const entry: AuditContent = {
    chain,
    organizationId,
    // The clock's milliseconds are what the column keeps, so the hash can be computed again from the row.
    at: context.clock.now(),
    actorKind: context.actor.kind,
    actorId: context.actor.id,
    action: record.action,
    targetKind: record.targetKind,
    targetId: record.targetId,
    before: toPlain(record.before),
    after: toPlain(record.after),
    requestId: context.requestId,
  };
  const contentHash = hashContent(entry);
  if (await appendEntry(tx, entry, contentHash)) return;
  await ensureHead(tx, chain, organizationId);
  if (!(await appendEntry(tx, entry, contentHash))) throw new Error(`The audit entry ${record.action} could not be written: chain ${chain} has no head that this transaction may see. Nothing was changed.`);
}
