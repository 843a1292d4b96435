import { and, desc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import { consoleGateway, consoleSession, consoleTicket } from "@/db/schema/console";
import { instance } from "@/db/schema/compute";
import { organization, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { LiveConsoleView } from "./types";

/** `organizationId` is the caller's own; null for our staff, who may look at any. */
export async function findConsoleTarget(tx: Transaction, instanceId: string, organizationId: string | null) {
  const [row] = await tx
    .select({ id: instance.id, name: instance.name, organizationId: instance.organizationId, desiredPower: instance.desiredPower, standing: organization.standing })
    .from(instance)
    .innerJoin(organization, eq(organization.id, instance.organizationId))
    .where(and(eq(instance.id, instanceId), isNull(instance.deletedAt), organizationId === null ? undefined : eq(instance.organizationId, organizationId)));
  return row ?? null;
}

export async function insertTicket(tx: Transaction, row: typeof consoleTicket.$inferInsert): Promise<void> {
  await tx.insert(consoleTicket).values(row);
}

/** Tickets are worthless after seconds; old rows are only weight. */
export async function deleteStaleTickets(tx: Transaction, organizationId: string, before: Date): Promise<void> {
  await tx.delete(consoleTicket).where(and(eq(consoleTicket.organizationId, organizationId), lt(consoleTicket.expiresAt, before)));
}

/** `null` reaches every organization's: our staff. */
const ownedBy = (organizationId: string | null) => (organizationId === null ? undefined : eq(consoleSession.organizationId, organizationId));

export async function endSession(tx: Transaction, id: string, organizationId: string | null, now: Date, reason: string) {
  const [row] = await tx
    .update(consoleSession)
    .set({ endedAt: now, endReason: reason })
    .where(and(eq(consoleSession.id, id), ownedBy(organizationId), isNull(consoleSession.endedAt)))
    .returning({ id: consoleSession.id, instanceId: consoleSession.instanceId, organizationId: consoleSession.organizationId });
  return row ?? null;
}

/** Takes gateways out that have said nothing for so long, by the clock that they speak by. */
export async function takeSilentGateways(tx: Transaction, silentSeconds: number): Promise<string[]> {
  const rows = await tx.delete(consoleGateway).where(lt(consoleGateway.seenAt, sql`now() - make_interval(secs => ${silentSeconds})`)).returning({ name: consoleGateway.name });
  return rows.map(({ name }) => name);
}

export async function endSessionsOf(tx: Transaction, gateways: readonly string[], now: Date, reason: string) {
  return tx
    .update(consoleSession)
    .set({ endedAt: now, endReason: reason })
    .where(and(inArray(consoleSession.gateway, [...gateways]), isNull(consoleSession.endedAt)))
    .returning({ id: consoleSession.id, organizationId: consoleSession.organizationId });
}

export async function findSession(tx: Transaction, id: string, organizationId: string | null) {
  const [row] = await tx.select({ id: consoleSession.id }).from(consoleSession).where(and(eq(consoleSession.id, id), ownedBy(organizationId)));
  return row ?? null;
}

/** Open ones, newest first. */
export async function selectLive(tx: Transaction, organizationId: string, limit: number): Promise<LiveConsoleView[]> {
  return tx
    .select({
      id: consoleSession.id,
      instanceId: consoleSession.instanceId,
      instanceName: instance.name,
      userId: consoleSession.userId,
      userName: user.name,
      userEmail: user.email,
      kind: consoleSession.kind,
      viewOnly: consoleSession.viewOnly,
      startedAt: consoleSession.startedAt,
    })
    .from(consoleSession)
    .innerJoin(instance, eq(instance.id, consoleSession.instanceId))
    .leftJoin(user, eq(user.id, consoleSession.userId))
    .where(and(eq(consoleSession.organizationId, organizationId), isNull(consoleSession.endedAt)))
    .orderBy(desc(consoleSession.startedAt))
    .limit(limit);
}

export async function listSessions(tx: Transaction, instanceId: string, organizationId: string | null, limit: number) {
  return tx
    .select({
      id: consoleSession.id,
      instanceId: consoleSession.instanceId,
      userId: consoleSession.userId,
      kind: consoleSession.kind,
      viewOnly: consoleSession.viewOnly,
      startedAt: consoleSession.startedAt,
      endedAt: consoleSession.endedAt,
      endReason: consoleSession.endReason,
      bytesToClient: consoleSession.bytesToClient,
      bytesFromClient: consoleSession.bytesFromClient,
    })
    .from(consoleSession)
    .where(and(eq(consoleSession.instanceId, instanceId), ownedBy(organizationId)))
    .orderBy(desc(consoleSession.startedAt))
    .limit(limit);
}
