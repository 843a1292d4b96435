import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { deletePicture } from "../picture/store";
import { lockPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { desktopRef, type DesktopRef } from "../schema";
import { mayBecome } from "../state";
import { endSessionOf } from "../session/end-session";
import { readRebuildGeneration } from "../session/store";
import { endConsoles, endHolding, lockDesktop, selectDesktop, updateDesktop } from "./store";

/**
 * Makes the disk of a desktop anew, of the pool's version. Everything on it is lost; a session on it ends. A persistent one is
 * nobody's afterwards, and its former owner gets one at the next opening.
 */
export async function resetDesktop(context: Context, input: DesktopRef): Promise<void> {
  const { desktopId } = desktopRef.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const known = await selectDesktop(tx, organizationId, desktopId);
    const pool = known ? await lockPool(tx, known.poolId, organizationId) : null;
    const seen = pool ? await lockDesktop(tx, desktopId) : null;
    if (!pool || !seen) throw notFound("desktop", desktopId);
    if (seen.instanceId === null || !mayBecome(seen.state, "resetting")) {
      throw new Problem("conflict", sentence("refused-desktop-reset"), { desktopId, state: seen.state });
    }
    await endSessionOf(tx, context, desktopId, "reset");
    await endConsoles(tx, seen.instanceId, context.clock.now(), "reset");
    await endHolding(tx, desktopId, context.clock.now());
    await deletePicture(tx, desktopId);
    const generation = await readRebuildGeneration(tx, seen.instanceId);
    await updateDesktop(tx, desktopId, { state: "resetting", stateChangedAt: context.clock.now(), stateReason: "asked", assignedUserId: null, versionId: pool.versionId, wipeGeneration: generation + 1 });
    await recordAudit(tx, context, { action: "desktop.reset", targetKind: "desktop", targetId: desktopId, before: { state: seen.state, assignedUserId: seen.assignedUserId } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: desktopId });
  });
}
