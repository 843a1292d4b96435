import type { Transaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { raiseGeneration, writePool } from "./store";

export interface PoolSeen {
  readonly poolId: string;
  readonly clusterId: string;
  readonly path: string;
  readonly capacityMiB: number;
  readonly availableMiB: number;
  readonly observedAt: Date;
  /** True when it differs so much from what was known that waiting instances may fit now. */
  readonly matters: boolean;
}

/** Writes how full the shared pools are. */
export async function notePools(tx: Transaction, pools: readonly PoolSeen[]): Promise<void> {
  for (const { poolId, clusterId, matters, ...seen } of pools) {
    await writePool(tx, poolId, seen);
    if (!matters) continue;
    await raiseGeneration(tx, clusterId);
    await wake(tx, "place-instances");
  }
}
