import { and, asc, eq, ilike, or, sql, type SQL } from "drizzle-orm";
import { organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { Standing } from "../types";
import type { Organization, OrganizationSummary } from "./types";

const COLUMNS = {
  id: organization.id,
  slug: organization.slug,
  name: organization.name,
  currency: organization.currency,
  timeZone: organization.timeZone,
  standing: organization.standing,
  createdAt: organization.createdAt,
};

export async function selectOrganization(tx: Transaction, id: string): Promise<Organization | null> {
  const rows = await tx.select(COLUMNS).from(organization).where(eq(organization.id, id));
  return rows[0] ?? null;
}

export async function selectOrganizationBySlug(tx: Transaction, slug: string): Promise<Organization | null> {
  const rows = await tx.select(COLUMNS).from(organization).where(eq(organization.slug, slug));
  return rows[0] ?? null;
}

export async function lockOrganization(tx: Transaction, id: string): Promise<Organization | null> {
  const rows = await tx.select(COLUMNS).from(organization).where(eq(organization.id, id)).for("update");
  return rows[0] ?? null;
}

/** Null when the slug is taken. */
export async function insertOrganization(tx: Transaction, row: Organization): Promise<Organization | null> {
  const rows = await tx.insert(organization).values(row).onConflictDoNothing({ target: organization.slug }).returning(COLUMNS);
  return rows[0] ?? null;
}

export async function updateOrganizationRow(tx: Transaction, id: string, fields: Partial<Pick<Organization, "name" | "timeZone" | "standing">>): Promise<void> {
  await tx.update(organization).set(fields).where(eq(organization.id, id));
}

export interface OrganizationFilter {
  readonly search?: string | undefined;
  readonly standing?: Standing | undefined;
}

function where(filter: OrganizationFilter): SQL | undefined {
  const pattern = filter.search ? `%${filter.search.replaceAll(/[\\%_]/g, "\\$&")}%` : null;
  return and(
    filter.standing === undefined ? undefined : eq(organization.standing, filter.standing),
    pattern === null ? undefined : or(ilike(organization.name, pattern), ilike(organization.slug, pattern), eq(organization.id, filter.search ?? "")),
  );
}

/** By name without regard to case, then id; `after` is the last row of the page before. */
export async function selectOrganizations(tx: Transaction, filter: OrganizationFilter, after: { name: string; id: string } | null, limit: number): Promise<OrganizationSummary[]> {
  return tx
    .select({
      ...COLUMNS,
      closedAt: organization.closedAt,
      memberCount: sql<number>`(select count(*)::int from member m where m.organization_id = ${organization}.id)`,
    })
    .from(organization)
    .where(and(where(filter), after === null ? undefined : sql`(lower(${organization.name}), ${organization.id}) > (lower(${after.name}), ${after.id})`))
    .orderBy(sql`lower(${organization.name})`, asc(organization.id))
    .limit(limit);
}

export async function countOrganizations(tx: Transaction, filter: OrganizationFilter): Promise<number> {
  const rows = await tx.select({ total: sql<number>`count(*)::int` }).from(organization).where(where(filter));
  return rows[0]?.total ?? 0;
}
