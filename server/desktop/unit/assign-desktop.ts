import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { assignIn } from "../assignment/assign-people";
import { selectMember, selectRights } from "../assignment/store";
import { lockPool } from "../pool/store";
import { machineName, requireOrganization } from "../rules";
import { assignDesktopInput, type AssignDesktopInput } from "../schema";
import type { DesktopState } from "../types";
import { insertHolding, lockDesktop, selectAssignedTo, selectDesktop, updateDesktop } from "./store";

/** Nobody is in it, and it comes up or can be woken. */
const MAY_BE_GIVEN: readonly DesktopState[] = ["provisioning", "ready", "suspended"];

/**
 * Gives a free desktop of a persistent pool to a member by hand, before they open it for the first time, and the right to the pool with
 * it where they have none. It is theirs from now on (it is kept for them and its cost is theirs); wiping it takes it
 * back. Given to the same person again, nothing changes.
 */
export async function assignDesktop(context: Context, input: AssignDesktopInput): Promise<void> {
  const { desktopId, email } = assignDesktopInput.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const known = await selectDesktop(tx, organizationId, desktopId);
    // The pool first, as the broker does: whoever opens at this moment and this choice go one after the other.
    const pool = known ? await lockPool(tx, known.poolId, organizationId) : null;
    const seen = pool ? await lockDesktop(tx, desktopId) : null;
    if (!pool || pool.deletedAt || !seen) throw notFound("desktop", desktopId);
    const desktop = machineName(pool.name, seen.number);
    if (pool.kind !== "persistent") throw new Problem("conflict", sentence("refused-desktop-floating", { pool: pool.name }), { desktopId });
    const person = await selectMember(tx, organizationId, email);
    if (!person) throw new Problem("conflict", sentence("refused-desktop-nobody", { email }), { field: "email" });
    if (seen.assignedUserId === person.userId) return;
    if (seen.assignedUserId !== null || seen.usedByUserId !== null) throw new Problem("conflict", sentence("refused-desktop-taken", { desktop }), { desktopId });
    if (!MAY_BE_GIVEN.includes(seen.state)) throw new Problem("conflict", sentence("refused-desktop-not-free", { desktop }), { desktopId, state: seen.state });
    const own = await selectAssignedTo(tx, pool.id, person.userId);
    if (own) throw new Problem("conflict", sentence("refused-person-has-desktop", { person: email, desktop: machineName(pool.name, own.number) }), { field: "email" });
    if (!(await selectRights(tx, organizationId, person.userId)).has(pool.id)) await assignIn(tx, context, organizationId, pool.id, { emails: [email] });
    await updateDesktop(tx, seen.id, { assignedUserId: person.userId });
    await insertHolding(tx, seen, person.userId, context.clock.now());
    await recordAudit(tx, context, { action: "desktop.assigned", targetKind: "desktop", targetId: seen.id, after: { userId: person.userId, person: email } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: seen.id });
  });
}
