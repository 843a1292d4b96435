import { and, desc, eq, gt, isNull, sql } from "drizzle-orm";
import { invitation, organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { MemberRole } from "../types";
import type { Invitation } from "./types";

export interface InvitationRow extends Invitation {
  readonly organizationId: string;
  readonly tokenHash: string;
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface InvitationWithOrganization extends InvitationRow {
  readonly organizationName: string;
  readonly organizationSlug: string;
}

const VIEW = { id: invitation.id, email: invitation.email, role: invitation.role, invitedBy: invitation.invitedBy, createdAt: invitation.createdAt, expiresAt: invitation.expiresAt };

function open(organizationId: string, now: Date) {
  return and(eq(invitation.organizationId, organizationId), isNull(invitation.acceptedAt), isNull(invitation.revokedAt), gt(invitation.expiresAt, now));
}

export async function insertInvitation(tx: Transaction, row: InvitationRow): Promise<void> {
  await tx.insert(invitation).values(row);
}

export async function selectOpenInvitations(tx: Transaction, organizationId: string, now: Date, limit: number): Promise<Invitation[]> {
  return tx.select(VIEW).from(invitation).where(open(organizationId, now)).orderBy(desc(invitation.createdAt)).limit(limit);
}

export async function countOpenInvitations(tx: Transaction, organizationId: string, now: Date): Promise<number> {
  const rows = await tx.select({ total: sql<number>`count(*)::int` }).from(invitation).where(open(organizationId, now));
  return rows[0]?.total ?? 0;
}

/** Revokes what is still open for this address, so that one address has one valid link. */
export async function revokeOpenFor(tx: Transaction, organizationId: string, email: string, now: Date): Promise<void> {
  await tx.update(invitation).set({ revokedAt: now }).where(and(open(organizationId, now), eq(invitation.email, email)));
}

/** The revoked invitation, or null when none is open under this id. */
export async function markInvitationRevoked(tx: Transaction, organizationId: string, id: string, now: Date): Promise<{ id: string; email: string; role: MemberRole } | null> {
  const rows = await tx
    .update(invitation)
    .set({ revokedAt: now })
    .where(and(open(organizationId, now), eq(invitation.id, id)))
    .returning({ id: invitation.id, email: invitation.email, role: invitation.role });
  return rows[0] ?? null;
}

const WITH_ORGANIZATION = {
  ...VIEW,
  organizationId: invitation.organizationId,
  tokenHash: invitation.tokenHash,
  acceptedAt: invitation.acceptedAt,
  revokedAt: invitation.revokedAt,
  organizationName: organization.name,
  organizationSlug: organization.slug,
};

export async function selectByToken(tx: Transaction, tokenHash: string): Promise<InvitationWithOrganization | null> {
  const rows = await tx.select(WITH_ORGANIZATION).from(invitation).innerJoin(organization, eq(organization.id, invitation.organizationId)).where(eq(invitation.tokenHash, tokenHash));
  return rows[0] ?? null;
}

/** The same with the row locked, so that one link is accepted once. */
export async function lockByToken(tx: Transaction, tokenHash: string): Promise<InvitationWithOrganization | null> {
  const rows = await tx
    .select(WITH_ORGANIZATION)
    .from(invitation)
    .innerJoin(organization, eq(organization.id, invitation.organizationId))
    .where(eq(invitation.tokenHash, tokenHash))
    .for("update", { of: invitation });
  return rows[0] ?? null;
}

export async function markAccepted(tx: Transaction, id: string, now: Date): Promise<void> {
  await tx.update(invitation).set({ acceptedAt: now }).where(eq(invitation.id, id));
}

export async function organizationName(tx: Transaction, organizationId: string): Promise<string> {
  const [row] = await tx.select({ name: organization.name }).from(organization).where(eq(organization.id, organizationId));
  return row?.name ?? organizationId;
}
