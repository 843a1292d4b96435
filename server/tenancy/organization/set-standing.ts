import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { requireProvider } from "../rules";
import type { SetStandingInput } from "./schema";
import { lockOrganization, updateOrganizationRow } from "./store";
import type { Organization } from "./types";

/** Sets how an organization stands with us, with the reason for its trail. The loop enforce-standing acts on it. */
export async function setStanding(context: Context, input: SetStandingInput): Promise<Organization> {
  return inTransaction(context, (tx) => setStandingIn(tx, context, input));
}

/** The same in the transaction of a verb that decides it, such as dunning. */
export async function setStandingIn(tx: Transaction, context: Context, input: SetStandingInput): Promise<Organization> {
  requireProvider(context);
  const before = await lockOrganization(tx, input.organizationId);
  if (!before) throw new Problem("not-found", `There is no organization ${input.organizationId}. Choose one from the list.`, { what: "organization", id: input.organizationId });
  if (before.standing === input.standing) return before;
  await updateOrganizationRow(tx, before.id, { standing: input.standing });
  await wake(tx, "enforce-standing");
  await announce(tx, { organizationId: before.id, topic: "organization", id: before.id });
  await recordAudit(tx, context, { action: "organization.standing-set", targetKind: "organization", targetId: before.id, before: { standing: before.standing }, after: { standing: input.standing, reason: input.reason }, organizationId: before.id });
  return { ...before, standing: input.standing };
}
