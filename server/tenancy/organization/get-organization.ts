import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { requireProvider, tenantOf } from "../rules";
import { selectOrganization, selectOrganizationBySlug } from "./store";
import type { Organization } from "./types";

/** The organization that the context works in. */
export async function getOrganization(context: Context): Promise<Organization> {
  const id = tenantOf(context);
  return inTransaction(context, (tx) => readOrganization(tx, id), { readOnly: true });
}

/** Any organization, for staff. */
export async function getAnyOrganization(context: Context, organizationId: string): Promise<Organization> {
  requireProvider(context);
  return inTransaction(context, (tx) => readOrganization(tx, organizationId), { readOnly: true });
}

/** Within another verb's transaction: the row, or `not-found`. */
export async function readOrganization(tx: Transaction, organizationId: string): Promise<Organization> {
  const found = await selectOrganization(tx, organizationId);
  if (!found) throw new Problem("not-found", `There is no organization ${organizationId}. Choose one from the list.`, { what: "organization", id: organizationId });
  return found;
}

/** By its short name, or null; for staff and for seeds. */
export async function findOrganization(context: Context, slug: string): Promise<Organization | null> {
  requireProvider(context);
  return inTransaction(context, (tx) => selectOrganizationBySlug(tx, slug), { readOnly: true });
}

/** Refuses new orders of an organization that does not stand well with us. To be called by every verb that adds cost. */
export async function requireGoodStanding(tx: Transaction, context: Context): Promise<Organization> {
  const organization = await selectOrganization(tx, tenantOf(context));
  if (!organization) throw notFound("organization", tenantOf(context));
  if (organization.standing !== "good") {
    throw new Problem("standing", `Nothing can be ordered in ${organization.name} at the moment: the organization is ${organization.standing}. Settle the open invoices or ask support, then try again.`, { standing: organization.standing });
  }
  return organization;
}
