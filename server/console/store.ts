import { createHash } from "node:crypto";
import { and, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import type { Database } from "@/db/client";
import { instance, instanceObservation } from "@/db/schema/compute";
import { consoleGateway, consoleSession, consoleTicket } from "@/db/schema/console";
import { desktop, desktopSession } from "@/db/schema/desktop";
import { allocation, host } from "@/db/schema/fleet";
import { member, organization, user, userSession } from "@/db/schema/tenancy";
import { stillBoots } from "@/server/desktop";
import { roleAllows, type MemberRole } from "@/server/tenancy";
import { CHANGE_CHANNEL } from "@/server/platform/wake";
import type { Ending } from "./close-codes";
import { accessEnded, CLOSE } from "./close-codes";
import type { ClientRules } from "./rfb-filter";

export type ConsoleKind = "vnc" | "serial" | "files";
export type FileWay = "list" | "in" | "out";

export interface RedeemedTicket extends ClientRules {
  readonly organizationId: string;
  readonly instanceId: string;
  readonly userId: string;
  readonly userSessionId: string | null;
  readonly kind: ConsoleKind;
  /** What a ticket for files allows; null for every other kind. */
  readonly fileWay: FileWay | null;
  readonly fileName: string | null;
  readonly fileBytes: number | null;
  /** The use of a desktop that it is for; the console ends with it. */
  readonly desktopSessionId: string | null;
  readonly idleSeconds: number | null;
}

/** Takes a ticket out of the world: one statement, so that of two browsers with the same ticket one gets nothing. */
export async function redeemTicket(db: Database, ticket: string, kind: ConsoleKind, now: Date): Promise<RedeemedTicket | null> {
  const [row] = await db
    .update(consoleTicket)
    .set({ redeemedAt: now })
    .where(
      and(
        eq(consoleTicket.id, createHash("sha256").update(ticket).digest("hex")),
        eq(consoleTicket.kind, kind),
        isNull(consoleTicket.redeemedAt),
        gt(consoleTicket.expiresAt, now),
      ),
    )
    .returning({
      organizationId: consoleTicket.organizationId,
      instanceId: consoleTicket.instanceId,
      userId: consoleTicket.userId,
      userSessionId: consoleTicket.userSessionId,
      kind: consoleTicket.kind,
      viewOnly: consoleTicket.viewOnly,
      desktopSessionId: consoleTicket.desktopSessionId,
      clipboardIn: consoleTicket.clipboardIn,
      clipboardOut: consoleTicket.clipboardOut,
      remoteResize: consoleTicket.remoteResize,
      fileWay: consoleTicket.fileWay,
      fileName: consoleTicket.fileName,
      fileBytes: consoleTicket.fileBytes,
      idleSeconds: consoleTicket.idleSeconds,
    });
  return row ?? null;
}

export interface InstancePlace {
  readonly hostId: string;
  /** Raised by every new place: tells a restart on the same host from no change. */
  readonly epoch: number;
  readonly uri: string;
  readonly managementAddress: string;
}

/** Where the instance is decided to be now; null while it has no place. */
export async function findPlace(db: Database, instanceId: string): Promise<InstancePlace | null> {
  const [row] = await db
    .select({ hostId: host.id, epoch: allocation.epoch, uri: host.uri, managementAddress: host.managementAddress })
    .from(allocation)
    .innerJoin(host, eq(host.id, allocation.hostId))
    .where(eq(allocation.instanceId, instanceId));
  return row ?? null;
}

export async function openSession(db: Database, row: typeof consoleSession.$inferInsert): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.insert(consoleSession).values(row);
    await tx.execute(sql`select pg_notify(${CHANGE_CHANNEL}, ${JSON.stringify({ organizationId: row.organizationId, topic: "console", id: row.id })})`);
  });
}

/** Writes how it ended; a reason that somebody else wrote first stays. */
export async function closeSession(db: Database, id: string, end: { readonly now: Date; readonly reason: string; readonly bytesToClient: number; readonly bytesFromClient: number }): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(consoleSession)
      .set({
        endedAt: sql`coalesce(${consoleSession.endedAt}, ${end.now})`,
        endReason: sql`coalesce(${consoleSession.endReason}, ${end.reason})`,
        bytesToClient: end.bytesToClient,
        bytesFromClient: end.bytesFromClient,
      })
      .where(eq(consoleSession.id, id))
      .returning({ organizationId: consoleSession.organizationId });
    if (row) await tx.execute(sql`select pg_notify(${CHANGE_CHANNEL}, ${JSON.stringify({ organizationId: row.organizationId, topic: "console", id })})`);
  });
}

/** Sessions that a former life of this gateway left open. */
export async function closeAbandonedSessions(db: Database, gateway: string, now: Date): Promise<number> {
  const rows = await db
    .update(consoleSession)
    .set({ endedAt: now, endReason: "the console gateway was restarted" })
    .where(and(eq(consoleSession.gateway, gateway), isNull(consoleSession.endedAt)))
    .returning({ id: consoleSession.id });
  return rows.length;
}

/** Says that this gateway lives, by the database's clock: gateways and workers need not agree about the time. */
export async function noteGateway(db: Database, gateway: string): Promise<void> {
  await db.insert(consoleGateway).values({ name: gateway, seenAt: sql`now()` }).onConflictDoUpdate({ target: consoleGateway.name, set: { seenAt: sql`now()` } });
}

export interface SessionCheck {
  /** Sessions that may not or cannot go on, and how they end. */
  readonly endings: ReadonlyMap<string, Ending>;
  /** Sessions of desktops that still start up: who waits for that is not idle. */
  readonly starting: ReadonlySet<string>;
}

/** How these open sessions stand, each with the place that it reaches. */
export async function checkSessions(db: Database, open: ReadonlyMap<string, InstancePlace | null>, now: Date): Promise<SessionCheck> {
  if (open.size === 0) return { endings: new Map(), starting: new Set() };
  const rows = await db
    .select({
      id: consoleSession.id,
      endedAt: consoleSession.endedAt,
      endReason: consoleSession.endReason,
      viewOnly: consoleSession.viewOnly,
      desktopSessionId: consoleSession.desktopSessionId,
      desktopOf: desktopSession.userId,
      desktopEndedAt: desktopSession.endedAt,
      personalisedAt: desktop.personalisedAt,
      runningSince: instanceObservation.runningSince,
      userId: consoleSession.userId,
      userSessionId: consoleSession.userSessionId,
      signedInUntil: userSession.expiresAt,
      signedOutAt: userSession.revokedAt,
      disabledAt: user.disabledAt,
      operatorRole: user.operatorRole,
      role: member.role,
      standing: organization.standing,
      closedAt: organization.closedAt,
      deletedAt: instance.deletedAt,
      hostId: allocation.hostId,
      epoch: allocation.epoch,
    })
    .from(consoleSession)
    .innerJoin(organization, eq(organization.id, consoleSession.organizationId))
    .innerJoin(instance, eq(instance.id, consoleSession.instanceId))
    .leftJoin(user, eq(user.id, consoleSession.userId))
    .leftJoin(userSession, eq(userSession.id, consoleSession.userSessionId))
    .leftJoin(member, and(eq(member.organizationId, consoleSession.organizationId), eq(member.userId, consoleSession.userId)))
    .leftJoin(allocation, eq(allocation.instanceId, consoleSession.instanceId))
    .leftJoin(desktopSession, eq(desktopSession.id, consoleSession.desktopSessionId))
    .leftJoin(desktop, eq(desktop.id, desktopSession.desktopId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, consoleSession.instanceId))
    .where(inArray(consoleSession.id, [...open.keys()]));
  const endings = new Map<string, Ending>();
  const starting = new Set<string>();
  const seen = new Set<string>();
  for (const row of rows) {
    seen.add(row.id);
    if (row.desktopSessionId !== null && stillBoots(row.personalisedAt, row.runningSince, now.getTime())) starting.add(row.id);
    const why = reasonToEnd(row, now);
    const place = open.get(row.id);
    if (why !== null) endings.set(row.id, why);
    // A host that lost its power says no goodbye; the decided place tells that the screen we hold is nobody's.
    else if (place && (place.hostId !== row.hostId || place.epoch !== row.epoch)) endings.set(row.id, { code: CLOSE.upstreamClosed, reason: "The machine was given another place." });
  }
  for (const id of open.keys()) if (!seen.has(id)) endings.set(id, accessEnded("deleted", "The machine is gone."));
  return { endings, starting };
}

interface Standing {
  readonly endedAt: Date | null;
  readonly endReason: string | null;
  readonly viewOnly: boolean;
  readonly desktopSessionId: string | null;
  readonly desktopOf: string | null;
  readonly desktopEndedAt: Date | null;
  readonly userId: string;
  readonly userSessionId: string | null;
  readonly signedInUntil: Date | null;
  readonly signedOutAt: Date | null;
  readonly disabledAt: Date | null;
  readonly operatorRole: string | null;
  readonly role: MemberRole | null;
  readonly standing: string;
  readonly closedAt: Date | null;
  readonly deletedAt: Date | null;
}

function reasonToEnd(row: Standing, now: Date): Ending | null {
  if (row.endedAt) return accessEnded("ended", `This console was ended: ${row.endReason ?? "no reason given"}.`);
  if (row.deletedAt) return accessEnded("deleted", "The machine was deleted.");
  if (row.disabledAt) return accessEnded("disabled", "Your account was disabled.");
  if (row.userSessionId !== null && (row.signedOutAt || !row.signedInUntil || row.signedInUntil <= now)) return accessEnded("signed-out", "You are signed out. Sign in again.");
  // A ticket that is redeemed after the log-off would show the screen of the next person.
  if (row.desktopSessionId !== null && (row.desktopOf !== row.userId || row.desktopEndedAt)) return accessEnded("ended", "This use of the desktop is over.");
  if (row.operatorRole !== null) return null;
  if (row.role === null) return accessEnded("removed", "You are no longer a member of this organization.");
  // Who may only look gets a console that only looks; this one could still type.
  // A desktop is its person's, whatever their role.
  if (!row.viewOnly && row.desktopSessionId === null && !roleAllows(row.role, "operator")) return accessEnded("role", `Your role is ${row.role} now: you may look at consoles and not type into them. Open it again.`);
  if (row.closedAt) return accessEnded("closed", "The organization was closed.");
  return row.standing === "suspended" ? accessEnded("suspended", "The organization is suspended.") : null;
}
