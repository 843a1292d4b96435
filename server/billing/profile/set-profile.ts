import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { readOrganization, recordAudit } from "@/server/tenancy";
import { setBillingProfileInput, setIssuerInput, type SetBillingProfileInput, type SetIssuerInput } from "./schema";
import { selectIssuer, selectProfile, updateIssuer, upsertProfile } from "./store";
import type { BillingProfileRow, IssuerRow } from "./types";

/** How an organization stands on its invoices; the organization's own name until somebody says otherwise. */
export async function readBillingProfile(context: Context, input: { readonly organizationId: string }): Promise<Omit<BillingProfileRow, "updatedAt">> {
  return inTransaction(context, async (tx) => {
    const profile = await selectProfile(tx, input.organizationId);
    if (profile) return profile;
    const organization = await readOrganization(tx, input.organizationId);
    return { organizationId: organization.id, legalName: organization.name, address: "", country: "JP", billingEmail: null, taxId: null };
  }, { readOnly: true });
}

/** Sets name, address and tax number for later invoices; issued ones keep what they say. */
export async function setBillingProfile(context: Context, input: SetBillingProfileInput & { readonly organizationId: string }): Promise<BillingProfileRow> {
  const fields = setBillingProfileInput.parse(input);
  return inTransaction(context, async (tx) => {
    const before = await selectProfile(tx, input.organizationId);
    const row = { organizationId: input.organizationId, ...fields, updatedAt: context.clock.now() };
    await upsertProfile(tx, row);
    await announce(tx, { organizationId: input.organizationId, topic: "billing", id: input.organizationId });
    await recordAudit(tx, context, { organizationId: input.organizationId, action: "billing-profile.set", targetKind: "organization", targetId: input.organizationId, ...(before ? { before: { legalName: before.legalName, address: before.address, country: before.country, taxId: before.taxId } } : {}), after: { ...fields } });
    return row;
  });
}

export function readIssuer(context: Context): Promise<IssuerRow> {
  return inTransaction(context, (tx) => selectIssuer(tx), { readOnly: true });
}

/** Sets who sends the invoices from now on. Numbers go on where they are. */
export async function setIssuer(context: Context, input: SetIssuerInput): Promise<IssuerRow> {
  const fields = setIssuerInput.parse(input);
  return inTransaction(context, async (tx) => {
    const row = await updateIssuer(tx, { ...fields, updatedAt: context.clock.now() });
    await announce(tx, { organizationId: null, topic: "billing", id: row.id });
    await recordAudit(tx, context, { organizationId: null, action: "issuer.set", targetKind: "issuer", targetId: row.id, after: { ...fields } });
    return row;
  });
}
