import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
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
