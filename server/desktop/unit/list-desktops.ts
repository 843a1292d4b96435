import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { selectPool } from "../pool/store";
import { machineName, requireOrganization } from "../rules";
import { poolRef, type PoolRef } from "../schema";
import type { DesktopView, DesktopWork } from "../types";
import { selectDesktops, selectWork } from "./store";

/** The desktops of a pool, by number. */
export async function listDesktops(context: Context, input: PoolRef): Promise<DesktopView[]> {
  const { poolId } = poolRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    if (!(await selectPool(tx, organizationId, poolId))) throw notFound("desktop pool", poolId);
    const rows = await selectDesktops(tx, organizationId, poolId);
    return rows.map(({ desktop, poolName, poolVersionId, versionNumber, userName, userEmail }) => ({
      id: desktop.id,
      poolId,
      name: machineName(poolName, desktop.number),
      instanceId: desktop.instanceId,
      state: desktop.state,
      stateReason: desktop.stateReason,
      stateChangedAt: desktop.stateChangedAt,
      versionNumber,
      outdated: desktop.versionId !== poolVersionId,
      assignedTo: desktop.assignedUserId === null ? null : { userId: desktop.assignedUserId, name: userName ?? "", email: userEmail ?? "" },
      personalisation: desktop.personalisation,
    }));
  }, { readOnly: true });
}

/** Everything that the loop decides about; of some pools, or of all. */
export async function listDesktopWork(tx: Transaction, _context: Context, poolIds: readonly string[] | null = null): Promise<DesktopWork[]> {
  return selectWork(tx, poolIds);
}
