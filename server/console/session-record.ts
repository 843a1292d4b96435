import { and, eq, isNull, ne, sql } from "drizzle-orm";
import type { Database } from "@/db/client";
import { consoleSession } from "@/db/schema/console";
import { desktop, desktopPool, desktopSession } from "@/db/schema/desktop";
import { user } from "@/db/schema/tenancy";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import type { ClientEvent } from "./client-events";
import type { Ending } from "./close-codes";
import { EventRecorder, type FoldedEvent } from "./event-recorder";
import type { RedeemedTicket } from "./store";

/**
 * How a console came into a use of a desktop: its person's first, again after one was closed, or a second window beside one that is open; somebody else's who may only look, or who may
 * type.
 */
export type Entry = "opened" | "reconnected" | "beside" | "looked-in" | "taken-over";

export interface RecordedSession {
  readonly desktopSessionId: string;
  readonly entry: Entry;
  readonly isStaff: boolean;
}

/** The use of a desktop that goes on in this machine, where its pool has events recorded; null for every other console. The console's own row is written already. */
export async function findRecorded(db: Database, consoleId: string, { instanceId, userId, viewOnly }: RedeemedTicket): Promise<RecordedSession | null> {
  const [row] = await db
    .select({ id: desktopSession.id, ownerId: desktopSession.userId, operatorRole: user.operatorRole })
    .from(desktop)
    .innerJoin(desktopPool, and(eq(desktopPool.id, desktop.poolId), eq(desktopPool.recordsEvents, true)))
    .innerJoin(desktopSession, and(eq(desktopSession.desktopId, desktop.id), isNull(desktopSession.endedAt)))
    .leftJoin(user, eq(user.id, userId))
    .where(eq(desktop.instanceId, instanceId));
  if (!row) return null;
  const found = { desktopSessionId: row.id, isStaff: row.operatorRole !== null };
  if (row.ownerId !== userId) return { ...found, entry: viewOnly ? "looked-in" : "taken-over" };
  const [others] = await db
    .select({ all: sql<number>`count(*)::int`, open: sql<number>`count(*) filter (where ${consoleSession.endedAt} is null)::int` })
    .from(consoleSession)
    .where(and(eq(consoleSession.desktopSessionId, row.id), eq(consoleSession.kind, "vnc"), ne(consoleSession.id, consoleId)));
  return { ...found, entry: others && others.open > 0 ? "beside" : others && others.all > 0 ? "reconnected" : "opened" };
}

type Base = Pick<Context, "db" | "clock" | "random" | "logger">;

/** What is told of one console in the audit trail of its organization, in the order in which it happened and beside the stream. */
export class SessionRecord {
  private readonly context: Context;
  private readonly events: EventRecorder;
  private written: Promise<void> = Promise.resolve();

  constructor(
    base: Base,
    private readonly consoleId: string,
    private readonly ticket: RedeemedTicket,
    private readonly session: RecordedSession,
    firstBatchMs: number,
  ) {
    this.context = { ...base, requestId: mintId("request", base), actor: { kind: session.isStaff ? "operator" : "user", id: ticket.userId }, scope: "worker", organizationId: ticket.organizationId };
    this.events = new EventRecorder({
      now: () => base.clock.now(),
      write: (events) => this.write("desktop-session.activity", { events: events.map(plain) }),
      onFailed: (error) => this.failed(error),
      firstBatchMs,
    });
  }

  opened(): void {
    if (this.ticket.kind === "vnc") this.tell("desktop-session.console-opened", { entry: this.session.entry, viewOnly: this.ticket.viewOnly });
  }

  note(event: ClientEvent): void {
    this.events.note(event);
  }

  /** The console is over; resolves when all of it is written, or cannot be. */
  async close(ending: Ending, counters: { readonly bytesToClient: number; readonly bytesFromClient: number }): Promise<void> {
    await this.events.close();
    const { kind, fileWay, fileName, fileBytes } = this.ticket;
    if (kind === "vnc") this.tell("desktop-session.console-closed", { code: ending.code, reason: ending.reason });
    else if (fileWay === "in") this.tell("desktop-session.file-in", { name: fileName, bytes: fileBytes, done: ending.reason === "done" });
    else if (fileWay === "out") this.tell("desktop-session.file-out", { name: fileName, bytes: counters.bytesToClient, done: ending.reason === "done" });
    await this.written;
  }

  private tell(action: string, after: Readonly<Record<string, unknown>>): void {
    this.written = this.written.then(() => this.write(action, after)).catch((error: unknown) => this.failed(error));
  }

  private async write(action: string, after: Readonly<Record<string, unknown>>): Promise<void> {
    await inTransaction(this.context, (tx) => recordAudit(tx, this.context, { action, targetKind: "desktop-session", targetId: this.session.desktopSessionId, after: { console: this.consoleId, ...after } }));
  }

  private failed(error: unknown): void {
    this.context.logger.error({ consoleSessionId: this.consoleId, error: String(error) }, "what happened in a desktop's session could not be written into the audit trail");
  }
}

const plain = ({ firstAt, lastAt, ...event }: FoldedEvent): Readonly<Record<string, unknown>> => ({ ...event, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() });
