import { and, isNotNull, lt, or } from "drizzle-orm";
import { consoleTicket } from "@/db/schema/console";
import { outbox } from "@/db/schema/loops";
import { idempotencyKey, rateLimit, userSession } from "@/db/schema/tenancy";
import type { Context } from "./context";
import type { Transaction } from "./transaction";

const HOUR_MS = 3_600_000;
/** A client that repeats an order repeats it within minutes; a day leaves room for a night's outage. */
const IDEMPOTENCY_HOURS = 24;
/** Kept a while after their end, so that a refused one can still be looked up. */
const TICKET_HOURS = 1;
const OUTBOX_HOURS = 7 * 24;
/** A session that is over is still somebody's question for a month ("was that me?"); the audit trail keeps it for ever. */
const SESSION_HOURS = 30 * 24;

/** Removes rows that have done their work. Answers how many of each kind. */
export async function expireRecords(tx: Transaction, context: Context): Promise<Readonly<Record<"tickets" | "idempotencyKeys" | "rateLimits" | "messages" | "sessions", number>>> {
  const nowMs = context.clock.nowMs();
  const before = (hours: number): Date => new Date(nowMs - hours * HOUR_MS);
  const tickets = await tx.delete(consoleTicket).where(lt(consoleTicket.expiresAt, before(TICKET_HOURS)));
  const keys = await tx.delete(idempotencyKey).where(lt(idempotencyKey.createdAt, before(IDEMPOTENCY_HOURS)));
  const limits = await tx.delete(rateLimit).where(and(isNotNull(rateLimit.expire), lt(rateLimit.expire, nowMs)));
  const messages = await tx.delete(outbox).where(and(isNotNull(outbox.sentAt), lt(outbox.sentAt, before(OUTBOX_HOURS))));
  const sessions = await tx.delete(userSession).where(or(lt(userSession.expiresAt, before(SESSION_HOURS)), lt(userSession.revokedAt, before(SESSION_HOURS))));
  return { sessions: sessions.rowCount ?? 0, tickets: tickets.rowCount ?? 0, idempotencyKeys: keys.rowCount ?? 0, rateLimits: limits.rowCount ?? 0, messages: messages.rowCount ?? 0 };
}
