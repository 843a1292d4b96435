import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { hashContent, hashLink, toPlain } from "./rules";
import { appendEntry, appendLinks, ensureHead, lockHead } from "./store";
import { PROVIDER_CHAIN, type AuditContent, type AuditRecord } from "./types";

/**
 * Writes who did what to what into the trail, in the transaction that does it: neither happens without the other.
 * Locks the chain's head until commit, so call it after every other write of the transaction; all mutations of one
 * organization queue here, and a lock taken last is held shortest and never deadlocks with one taken before.
 */
export async function recordAudit(tx: Transaction, context: Context, record: AuditRecord): Promise<void> {
  const entry = contentOf(context, record);
  const { chain, organizationId } = entry;
  const contentHash = hashContent(entry);
  if (await appendEntry(tx, entry, contentHash)) return;
  await ensureHead(tx, chain, organizationId);
  if (!(await appendEntry(tx, entry, contentHash))) throw headless(chain, record);
}

/** The same for several mutations of one organization in one transaction: one link each, in the order given. */
export async function recordAudits(tx: Transaction, entries: readonly { readonly context: Context; readonly record: AuditRecord }[]): Promise<void> {
  const [first] = entries;
  if (!first) return;
  const contents = entries.map(({ context, record }) => contentOf(context, record));
  const { chain, organizationId } = contentOf(first.context, first.record);
  if (contents.some((content) => content.chain !== chain)) throw new Error("Entries of several chains cannot be written together.");
  let head = await lockHead(tx, chain);
  if (!head) {
    await ensureHead(tx, chain, organizationId);
    head = await lockHead(tx, chain);
  }
  if (!head) throw headless(chain, first.record);
  let { sequence, hash } = head;
  const links = contents.map((content) => {
    const previousHash = hash;
    sequence += 1;
    hash = hashLink(chain, sequence, previousHash, hashContent(content));
    return { ...content, sequence, previousHash, hash };
  });
  await appendLinks(tx, links, { chain, sequence, hash, organizationId });
}

const headless = (chain: string, record: AuditRecord): Error =>
  new Error(`The audit entry ${record.action} could not be written: chain ${chain} has no head that this transaction may see. Nothing was changed.`);

function contentOf(context: Context, record: AuditRecord): AuditContent {
  const organizationId = record.organizationId === undefined ? context.organizationId : record.organizationId;
  return {
    chain: organizationId ?? PROVIDER_CHAIN,
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
}
