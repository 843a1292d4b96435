import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { tenantOf } from "../rules";
import type { UpdateOrganizationInput } from "./schema";
import { lockOrganization, updateOrganizationRow } from "./store";
import type { Organization } from "./types";

/** Changes the name or the time zone. The slug stays, because links and scripts hold it; the currency stays, because money does. */
export async function updateOrganization(context: Context, input: UpdateOrganizationInput): Promise<Organization> {
  const id = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const before = await lockOrganization(tx, id);
    if (!before) throw notFound("organization", id);
    const fields = { name: input.name ?? before.name, timeZone: input.timeZone ?? before.timeZone };
    await updateOrganizationRow(tx, id, fields);
    await announce(tx, { organizationId: id, topic: "organization", id });
    await recordAudit(tx, context, { action: "organization.updated", targetKind: "organization", targetId: id, before: { name: before.name, timeZone: before.timeZone }, after: fields });
    return { ...before, ...fields };
  });
}
