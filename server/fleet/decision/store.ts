import { and, desc, eq, gte, lt, sql, type SQL } from "drizzle-orm";
import { decision } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { DecisionRow } from "../types";

export async function insertDecision(tx: Transaction, row: typeof decision.$inferInsert): Promise<void> {
  await tx.insert(decision).values(row);
}

export async function insertDecisions(tx: Transaction, rows: readonly (typeof decision.$inferInsert)[]): Promise<void> {
  // Postgres takes at most 65,535 parameters a statement; a decision has 16.
  for (let at = 0; at < rows.length; at += 1_000) await tx.insert(decision).values(rows.slice(at, at + 1_000));
}

export async function findDecision(tx: Transaction, decisionId: string): Promise<DecisionRow | null> {
  const [row] = await tx.select().from(decision).where(eq(decision.id, decisionId));
  return row ?? null;
}

/** Merges figures into `measured`; optionally closes the decision. */
export async function mergeMeasured(
  tx: Transaction,
  decisionId: string,
  measured: Record<string, unknown>,
  end?: { readonly outcome: DecisionRow["outcome"]; readonly at: Date },
): Promise<void> {
  await tx.execute(sql`
    update decision set measured = coalesce(measured, '{}'::jsonb) || ${JSON.stringify(measured)}::jsonb,
      outcome = ${end?.outcome ?? sql`outcome`}, finished_at = ${end ? end.at.toISOString() : sql`finished_at`}
    where id = ${decisionId}`);
}

export interface DecisionFilter {
  readonly cursor?: string | null;
  readonly limit: number;
  readonly kind?: DecisionRow["kind"];
  readonly instanceId?: string;
  readonly hostId?: string;
  readonly clusterId?: string;
}

/** Ids sort by time, so the cursor is the last id seen. */
export async function pageDecisions(tx: Transaction, filter: DecisionFilter): Promise<{ rows: DecisionRow[]; total: number }> {
  const conditions: SQL[] = [];
  if (filter.kind) conditions.push(eq(decision.kind, filter.kind));
  if (filter.instanceId) conditions.push(eq(decision.instanceId, filter.instanceId));
  if (filter.hostId) conditions.push(eq(decision.hostId, filter.hostId));
  if (filter.clusterId) conditions.push(eq(decision.clusterId, filter.clusterId));
  const [counted] = await tx.select({ total: sql<string>`count(*)` }).from(decision).where(and(...conditions));
  if (filter.cursor) conditions.push(lt(decision.id, filter.cursor));
  const rows = await tx.select().from(decision).where(and(...conditions)).orderBy(desc(decision.id)).limit(filter.limit + 1);
  return { rows, total: Number(counted?.total ?? 0) };
}

/** The newest decision of some kinds about each of the instances. */
export async function newestDecisions(tx: Transaction, instanceIds: readonly string[]): Promise<Map<string, DecisionRow>> {
  if (instanceIds.length === 0) return new Map();
  const result = await tx
    .selectDistinctOn([decision.instanceId])
    .from(decision)
    .where(sql`${decision.instanceId} = any(${sql.param([...instanceIds])}::text[])`)
    .orderBy(decision.instanceId, desc(decision.id));
  return new Map(result.flatMap((row) => (row.instanceId ? [[row.instanceId, row] as const] : [])));
}

/** Open plans of a kind since a moment, with what became of their moves so far. */
export async function plansWithMoves(tx: Transaction, clusterId: string, kind: DecisionRow["kind"], since: Date): Promise<{ decision: DecisionRow; openMoves: number; doneMoves: number; lastEndedAt: Date | null; movedSeconds: number; downtimeMs: number }[]> {
  const plans = await tx.select().from(decision).where(and(eq(decision.clusterId, clusterId), eq(decision.kind, kind), eq(decision.outcome, "planned"), gte(decision.createdAt, since)));
  if (plans.length === 0) return [];
  const result = await tx.execute<{ plan: string; open: string; done: string; ended: string | null; total: string; down: string }>(sql`
    select d.inputs->>'planDecisionId' as plan, count(*) filter (where m.state in ('planned', 'running')) as open, count(*) filter (where m.state = 'done') as done,
      max(m.finished_at) as ended, coalesce(sum(m.total_ms), 0) as total, coalesce(sum(m.downtime_ms), 0) as down
    from decision d join migration m on m.decision_id = d.id
    where d.cluster_id = ${clusterId} and d.kind = 'migrate' and d.created_at >= ${since.toISOString()} and d.inputs ? 'planDecisionId' group by 1`);
  const moves = new Map(result.rows.map((row) => [row.plan, row]));
  return plans.map((row) => {
    const of = moves.get(row.id);
    return { decision: row, openMoves: Number(of?.open ?? 0), doneMoves: Number(of?.done ?? 0), lastEndedAt: of?.ended ? new Date(of.ended) : null, movedSeconds: Number(of?.total ?? 0) / 1_000, downtimeMs: Number(of?.down ?? 0) };
  });
}

/** How a move was decided: its cause for the owner, and the way of copying. */
export async function chosenOf(tx: Transaction, decisionId: string): Promise<Record<string, unknown>> {
  const [row] = await tx.select({ chosen: decision.chosen }).from(decision).where(eq(decision.id, decisionId));
  return row?.chosen ?? {};
}
