import { and, asc, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import { insertRows } from "@/db/insert-rows";
import { auditEntry, auditHead, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import { CHANGE_CHANNEL, type Change } from "@/server/platform/wake";
import { GENESIS_HASH } from "./rules";
import type { AuditContent, AuditEntry, AuditEntryView, AuditHead } from "./types";

/** Makes the head of a chain's first entry; nothing when there is one. */
export async function ensureHead(tx: Transaction, chain: string, organizationId: string | null): Promise<void> {
  await tx.insert(auditHead).values({ chain, organizationId, sequence: 0, hash: GENESIS_HASH }).onConflictDoNothing();
}

/**
 * Locks the head until the transaction ends, adds the next link, moves the head and tells open screens, in one round
 * trip: everybody of the chain waits for this lock. The hash is `hashLink` of rules.ts. False when there is no head yet.
 */
export async function appendEntry(tx: Transaction, entry: AuditContent, contentHash: string): Promise<boolean> {
  const change: Change = { organizationId: entry.organizationId, topic: "audit", id: entry.chain };
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  const result = await tx.execute(sql`
    with locked as materialized (
      select chain, sequence + 1 as sequence, hash as previous from audit_head where chain = ${entry.chain} for update
    ), link as materialized (
      select chain, sequence, previous,
        encode(sha256(convert_to(chain || chr(10) || sequence || chr(10) || previous || chr(10) || ${contentHash}::text, 'UTF8')), 'hex') as hash
      from locked
    ), moved as (
      update audit_head set sequence = link.sequence, hash = link.hash from link where audit_head.chain = link.chain
    ), added as (
      insert into audit_entry (chain, sequence, organization_id, at, actor_kind, actor_id, action, target_kind, target_id, before, after, request_id, previous_hash, hash)
      select link.chain, link.sequence, ${entry.organizationId}::text, ${entry.at.toISOString()}::timestamptz, ${entry.actorKind}::text, ${entry.actorId}::text, ${entry.action}::text, ${entry.targetKind}::text, ${entry.targetId}::text,
        ${json(entry.before)}::jsonb, ${json(entry.after)}::jsonb, ${entry.requestId}::text, link.previous, link.hash
      from link
    )
    select pg_notify(${CHANGE_CHANNEL}, ${JSON.stringify(change)}) from link`);
  return result.rows.length > 0;
}

/** The newest link of a chain, locked until the transaction ends; null when the chain has none yet. */
export async function lockHead(tx: Transaction, chain: string): Promise<{ readonly sequence: number; readonly hash: string } | null> {
  const [head] = await tx.select({ sequence: auditHead.sequence, hash: auditHead.hash }).from(auditHead).where(eq(auditHead.chain, chain)).for("update");
  return head ?? null;
}

/** Adds links whose hashes were computed under the head's lock, moves the head and tells open screens. */
export async function appendLinks(tx: Transaction, links: readonly Omit<AuditEntry, "id">[], head: AuditHead & { readonly chain: string; readonly organizationId: string | null }): Promise<void> {
  const change: Change = { organizationId: head.organizationId, topic: "audit", id: head.chain };
  await tx.execute(sql`
    with added as (${insertRows(auditEntry, [...links])}),
      moved as (update audit_head set sequence = ${head.sequence}, hash = ${head.hash} where chain = ${head.chain})
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
