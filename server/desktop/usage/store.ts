import { and, asc, eq, gte, isNotNull, isNull, or } from "drizzle-orm";
import { desktop, desktopHolding, desktopPool } from "@/db/schema/desktop";
import { user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";

/** Machines of desktops, removed ones too, with the pool that each is of. */
export async function selectMachines(tx: Transaction, organizationId: string) {
  const rows = await tx
    .select({ instanceId: desktop.instanceId, poolId: desktopPool.id, poolName: desktopPool.name, deletedAt: desktopPool.deletedAt })
    .from(desktop)
    .innerJoin(desktopPool, eq(desktopPool.id, desktop.poolId))
    .where(and(eq(desktop.organizationId, organizationId), isNotNull(desktop.instanceId)))
    .orderBy(asc(desktopPool.name), asc(desktop.id));
  return rows.flatMap(({ instanceId, ...row }) => (instanceId === null ? [] : [{ instanceId, ...row }]));
}

/** Who had which machine since a moment; `name` is null where the person is not in the organization any more. */
export async function selectHoldings(tx: Transaction, organizationId: string, since: Date) {
  const rows = await tx
    .select({ instanceId: desktop.instanceId, holderId: desktopHolding.userId, startedAt: desktopHolding.startedAt, endedAt: desktopHolding.endedAt, name: user.name, email: user.email })
    .from(desktopHolding)
    .innerJoin(desktop, eq(desktop.id, desktopHolding.desktopId))
    .leftJoin(user, eq(user.id, desktopHolding.userId))
    .where(and(eq(desktopHolding.organizationId, organizationId), or(isNull(desktopHolding.endedAt), gte(desktopHolding.endedAt, since))))
    .orderBy(asc(desktopHolding.startedAt));
  return rows.flatMap(({ instanceId, ...row }) => (instanceId === null ? [] : [{ instanceId, ...row }]));
}
