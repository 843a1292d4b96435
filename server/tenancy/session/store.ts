import { and, desc, eq, isNull, ne, sql } from "drizzle-orm";
import { member, organization, user, userSession } from "@/db/schema/tenancy";
import type { Database } from "@/db/client";
import type { Transaction } from "@/server/platform/transaction";
import type { Membership, SessionUser } from "./types";

export interface SessionRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

export interface SessionWithUser {
  readonly session: SessionRow;
  readonly user: SessionUser & { readonly disabledAt: Date | null };
  readonly memberships: readonly Membership[];
}

/** One statement for the whole question: the session, its person, and where the person is a member. */
export async function selectSession(tx: Transaction, sessionId: string): Promise<SessionWithUser | null> {
  const rows = await tx
    .select({
      session: userSession,
      user: { id: user.id, email: user.email, name: user.name, locale: user.locale, timeZone: user.timeZone, desktopLocale: user.desktopLocale, keyboard: user.keyboard, operatorRole: user.operatorRole, disabledAt: user.disabledAt },
      role: member.role,
      organization: { organizationId: organization.id, slug: organization.slug, name: organization.name, standing: organization.standing },
    })
    .from(userSession)
    .innerJoin(user, eq(user.id, userSession.userId))
    .leftJoin(member, eq(member.userId, user.id))
    .leftJoin(organization, and(eq(organization.id, member.organizationId), isNull(organization.closedAt)))
    .where(eq(userSession.id, sessionId))
    .orderBy(sql`lower(${organization.name})`);
  const first = rows[0];
  if (!first) return null;
  const memberships: Membership[] = [];
  for (const row of rows) if (row.organization && row.role) memberships.push({ ...row.organization, role: row.role });
  return { session: first.session, user: first.user, memberships };
}

export async function touchSession(tx: Transaction, sessionId: string, at: Date): Promise<void> {
  await tx.update(userSession).set({ lastSeenAt: at }).where(eq(userSession.id, sessionId));
}

export async function insertSession(tx: Transaction, row: SessionRow & { readonly userId: string }): Promise<void> {
  await tx.insert(userSession).values(row);
}

/** Sessions of a person that were not revoked, the newest use first. */
export async function selectSessionsOf(tx: Transaction, userId: string): Promise<SessionRow[]> {
  return tx.select().from(userSession).where(and(eq(userSession.userId, userId), isNull(userSession.revokedAt))).orderBy(desc(userSession.lastSeenAt)).limit(100);
}

/** Revokes one session of the person; null when there is none that is not revoked already. */
export async function markRevoked(tx: Transaction, userId: string, sessionId: string, at: Date): Promise<string | null> {
  const rows = await tx
    .update(userSession)
    .set({ revokedAt: at })
    .where(and(eq(userSession.id, sessionId), eq(userSession.userId, userId), isNull(userSession.revokedAt)))
    .returning({ id: userSession.id });
  return rows[0]?.id ?? null;
}

/** Revokes every session of the person but `exceptSessionId`; answers which ones. */
export async function markAllRevoked(tx: Transaction, userId: string, exceptSessionId: string | null, at: Date): Promise<string[]> {
  const rows = await tx
    .update(userSession)
    .set({ revokedAt: at })
    .where(and(eq(userSession.userId, userId), isNull(userSession.revokedAt), exceptSessionId === null ? undefined : ne(userSession.id, exceptSessionId)))
    .returning({ id: userSession.id });
  return rows.map((row) => row.id);
}

/** What a query of the rate limiter looks like; the library builds it. */
interface LimiterQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/**
 * A client for rate-limiter-flexible whose every query runs in its own transaction with the identity scope, without
 * which row-level security hides the table. Its own transaction on purpose: an attempt counts even if the rest fails.
 */
export function identityClient(db: Database): { query(query: LimiterQuery): Promise<unknown> } {
  return {
    async query(query) {
      const connection = await db.pool.connect();
      let broken = false;
      try {
        await connection.query("begin");
        await connection.query("select set_config('app.scope', 'identity', true)");
        const result = await connection.query({ text: query.text, values: [...(query.values ?? [])] });
        await connection.query("commit");
        return result;
      } catch (error) {
        await connection.query("rollback").catch(() => (broken = true));
        throw error;
      } finally {
        connection.release(broken);
      }
    },
  };
}
