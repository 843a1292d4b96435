import { and, asc, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import { auditEntry, auditHead, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import { CHANGE_CHANNEL, type Change } from "@/server/platform/wake";
import { GENESIS_HASH } from "./rules";
import type { AuditEntry, AuditEntryView, AuditHead, AuditLink } from "./types";

/** Locks the chain's head until the transaction ends, making it when the chain is new. */
export async function lockHead(tx: Transaction, chain: string, organizationId: string | null): Promise<AuditHead> {
  const rows = await tx
    .insert(auditHead)
    .values({ chain, organizationId, sequence: 0, hash: GENESIS_HASH })
    .onConflictDoUpdate({ target: auditHead.chain, set: { sequence: sql`${auditHead.sequence}` } })
    .returning({ chain: auditHead.chain, sequence: auditHead.sequence, hash: auditHead.hash });
  const head = rows[0];
  if (!head) throw new Error(`The audit head of chain ${chain} could not be locked; nothing was written.`);
  return head;
}

/** Writes the link, moves the head and tells open screens, in one round trip. */
export async function appendLink(tx: Transaction, link: AuditLink, hash: string): Promise<void> {
  const change: Change = { organizationId: link.organizationId, topic: "audit", id: link.chain };
  const at = link.at.toISOString();
  await tx.execute(sql`
    with entry as (
      insert into audit_entry (chain, sequence, organization_id, at, actor_kind, actor_id, action, target_kind, target_id, before, after, request_id, previous_hash, hash)
      values (${link.chain}, ${link.sequence}, ${link.organizationId}, ${at}::timestamptz, ${link.actorKind}, ${link.actorId}, ${link.action}, ${link.targetKind}, ${link.targetId},
        ${link.before === null ? null : JSON.stringify(link.before)}::jsonb, ${link.after === null ? null : JSON.stringify(link.after)}::jsonb, ${link.requestId}, ${link.previousHash}, ${hash})
    ), head as (
      update audit_head set sequence = ${link.sequence}, hash = ${hash} where chain = ${link.chain}
    )
    select pg_notify(${CHANGE_CHANNEL}, ${JSON.stringify(change)})`);
}

export interface AuditFilter {
  /** One chain, or every chain when left out; row-level security holds either way. */
  readonly chain?: string | undefined;
  readonly action?: string | undefined;
  readonly actorId?: string | undefined;
  readonly targetId?: string | undefined;
}

function where(filter: AuditFilter) {
  return and(
    filter.chain === undefined ? undefined : eq(auditEntry.chain, filter.chain),
    filter.action === undefined ? undefined : eq(auditEntry.action, filter.action),
    filter.actorId === undefined ? undefined : eq(auditEntry.actorId, filter.actorId),
    filter.targetId === undefined ? undefined : eq(auditEntry.targetId, filter.targetId),
  );
}

/** Newest first; `beforeId` is the last entry of the page before. */
export async function selectEntries(tx: Transaction, filter: AuditFilter, beforeId: number | null, limit: number): Promise<AuditEntryView[]> {
  return tx
    .select({
      id: auditEntry.id,
      chain: auditEntry.chain,
      sequence: auditEntry.sequence,
      at: auditEntry.at,
      actorKind: auditEntry.actorKind,
      actorId: auditEntry.actorId,
      actorName: user.name,
      action: auditEntry.action,
      targetKind: auditEntry.targetKind,
      targetId: auditEntry.targetId,
      before: auditEntry.before,
      after: auditEntry.after,
      requestId: auditEntry.requestId,
      hash: auditEntry.hash,
    })
    .from(auditEntry)
    .leftJoin(user, eq(user.id, auditEntry.actorId))
    .where(and(where(filter), beforeId === null ? undefined : lt(auditEntry.id, beforeId)))
    .orderBy(desc(auditEntry.id))
    .limit(limit);
}

export async function countEntries(tx: Transaction, filter: AuditFilter): Promise<number> {
  const rows = await tx.select({ total: sql<string>`count(*)` }).from(auditEntry).where(where(filter));
  return Number(rows[0]?.total ?? 0);
}

/** Every chain that has a head or an entry. */
export async function selectChains(tx: Transaction): Promise<{ chain: string; head: AuditHead | undefined }[]> {
  const heads = await tx.select({ chain: auditHead.chain, sequence: auditHead.sequence, hash: auditHead.hash }).from(auditHead).orderBy(asc(auditHead.chain));
  const chains = await tx.selectDistinct({ chain: auditEntry.chain }).from(auditEntry).leftJoin(auditHead, eq(auditHead.chain, auditEntry.chain)).where(or(isNull(auditHead.chain)));
  return [...heads.map((head) => ({ chain: head.chain, head })), ...chains.map(({ chain }) => ({ chain, head: undefined }))];
}

/** The links of one chain in order, a page at a time. */
export async function selectLinks(tx: Transaction, chain: string, afterSequence: number, limit: number): Promise<AuditEntry[]> {
  return tx.select().from(auditEntry).where(and(eq(auditEntry.chain, chain), gt(auditEntry.sequence, afterSequence))).orderBy(asc(auditEntry.sequence)).limit(limit);
}
