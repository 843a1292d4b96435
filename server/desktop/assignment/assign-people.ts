import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wakeAndAnnounce } from "@/server/platform/wake";
import { holdGroups } from "../group/store";
import { selectPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { assignInput, assignmentRef, poolRef, type AssignInput, type AssignmentRef, type PoolRef } from "../schema";
import { deleteAssignment, insertAssignments, selectAssignments } from "./store";

export type AssignmentView = Awaited<ReturnType<typeof selectAssignments>>[number];

/** Gives people, groups or everybody a right to a desktop of a pool. An address counts from the moment that its owner is a member. Answers how many rights were new. */
export async function assignPeople(context: Context, input: AssignInput): Promise<{ readonly added: number }> {
  const { poolId, emails, groupIds, everybody } = assignInput.parse(input);
  const organizationId = requireOrganization(context);
  if (emails.length === 0 && groupIds.length === 0 && !everybody) throw new Problem("bad-input", sentence("refused-nobody-named"), { field: "emails" });
  return inTransaction(context, async (tx) => ({ added: await assignIn(tx, context, organizationId, poolId, { emails, groupIds, everybody }) }));
}

interface Whom {
  readonly emails?: readonly string[];
  readonly groupIds?: readonly string[];
  readonly everybody?: boolean;
}

export async function assignIn(tx: Transaction, context: Context, organizationId: string, poolId: string, { emails = [], groupIds = [], everybody = false }: Whom): Promise<number> {
  const pool = await selectPool(tx, organizationId, poolId);
  if (!pool) throw notFound("desktop pool", poolId);
  const groups = new Map((await holdGroups(tx, organizationId, groupIds)).map(({ id, name }) => [id, name]));
  for (const groupId of groupIds) if (!groups.has(groupId)) throw notFound("group", groupId);
  const wanted = [...[...new Set(emails)].map((email) => ({ email, groupId: null })), ...[...groups.keys()].map((groupId) => ({ email: null, groupId })), ...(everybody ? [{ email: null, groupId: null }] : [])];
  const made = await insertAssignments(tx, wanted.map((whom) => ({ id: mintId("desktopAssignment", context), organizationId, poolId, ...whom, createdAt: context.clock.now(), createdBy: context.actor.id })));
  if (made.length > 0) {
    const people = made.flatMap((row) => (row.groupId === null ? [row.email ?? "everybody"] : []));
    const named = made.flatMap((row) => (row.groupId === null ? [] : [groups.get(row.groupId) ?? row.groupId]));
    await recordAudit(tx, context, { action: "desktop-pool.assigned", targetKind: "desktop-pool", targetId: poolId, after: { ...(people.length > 0 ? { people } : {}), ...(named.length > 0 ? { groups: named } : {}) } });
    await announce(tx, { organizationId, topic: "desktop", id: poolId });
  }
  return made.length;
}

/** Takes a right away. A session that is open now ends by the loop, within seconds. */
export async function removeAssignment(context: Context, input: AssignmentRef): Promise<void> {
  const { assignmentId } = assignmentRef.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const row = await deleteAssignment(tx, organizationId, assignmentId);
    if (!row) throw notFound("assignment", assignmentId);
    await recordAudit(tx, context, { action: "desktop-pool.unassigned", targetKind: "desktop-pool", targetId: row.poolId, before: row.groupId === null ? { person: row.email ?? "everybody" } : { groupId: row.groupId } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: row.poolId });
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
