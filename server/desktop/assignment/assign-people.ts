import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { selectPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { assignInput, assignmentRef, poolRef, type AssignInput, type AssignmentRef, type PoolRef } from "../schema";
import { deleteAssignment, insertAssignments, selectAssignments } from "./store";

export type AssignmentView = Awaited<ReturnType<typeof selectAssignments>>[number];

/** Gives people a right to a desktop of a pool. An address counts from the moment that its owner is a member. Answers how many were new. */
export async function assignPeople(context: Context, input: AssignInput): Promise<{ readonly added: number }> {
  const { poolId, emails, everybody } = assignInput.parse(input);
  const organizationId = requireOrganization(context);
  if (emails.length === 0 && !everybody) throw new Problem("bad-input", sentence("refused-nobody-named"), { field: "emails" });
  return inTransaction(context, async (tx) => {
    const pool = await selectPool(tx, organizationId, poolId);
    if (!pool) throw notFound("desktop pool", poolId);
    const wanted: (string | null)[] = [...new Set(emails), ...(everybody ? [null] : [])];
    const made = await insertAssignments(tx, wanted.map((email) => ({ id: mintId("desktopAssignment", context), organizationId, poolId, email, createdAt: context.clock.now(), createdBy: context.actor.id })));
    if (made.length > 0) {
      await recordAudit(tx, context, { action: "desktop-pool.assigned", targetKind: "desktop-pool", targetId: poolId, after: { people: made.map((row) => row.email ?? "everybody") } });
      await announce(tx, { organizationId, topic: "desktop", id: poolId });
    }
    return { added: made.length };
  });
}

/** Takes a right away. A session that is open now ends by the loop, within seconds. */
export async function removeAssignment(context: Context, input: AssignmentRef): Promise<void> {
  const { assignmentId } = assignmentRef.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const row = await deleteAssignment(tx, organizationId, assignmentId);
    if (!row) throw notFound("assignment", assignmentId);
    await recordAudit(tx, context, { action: "desktop-pool.unassigned", targetKind: "desktop-pool", targetId: row.poolId, before: { person: row.email ?? "everybody" } });
    await announce(tx, { organizationId, topic: "desktop", id: row.poolId });
  });
}

/** Who has a right to a pool; an address without a member behind it is waiting for its owner. */
export async function listAssignments(context: Context, input: PoolRef): Promise<AssignmentView[]> {
  const { poolId } = poolRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    if (!(await selectPool(tx, organizationId, poolId))) throw notFound("desktop pool", poolId);
    return selectAssignments(tx, organizationId, poolId);
  }, { readOnly: true });
}
