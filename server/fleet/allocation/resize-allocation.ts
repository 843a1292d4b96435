import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { raiseGeneration } from "../cluster/store";
import type { Claim } from "../types";
import { claimOnHost, lockAllocation, releaseOnHost, resizeAllocationRow } from "./store";

/**
 * Makes an allocation as large as its instance should become, if its host has the room: the growth is claimed before
 * anything is told to the guest. False when the host cannot hold it; nothing changed then.
 */
export async function resizeAllocation(tx: Transaction, instanceId: string, claim: Claim): Promise<boolean> {
  const row = await lockAllocation(tx, instanceId);
  if (!row) return false;
  const difference: Claim = {
    vcpus: claim.vcpus - row.vcpus,
    memoryMiB: claim.memoryMiB - row.memoryMiB,
    cpuReservationMillicores: claim.cpuReservationMillicores - row.cpuReservationMillicores,
    memoryReservationMiB: claim.memoryReservationMiB - row.memoryReservationMiB,
  };
  const values = Object.values(difference);
  if (values.every((value) => value === 0)) return true;
  await raiseGeneration(tx, row.clusterId);
  if (values.some((value) => value > 0)) {
    // A cordoned host takes no more instances; one that is there already may still grow.
    if (!(await claimOnHost(tx, row.hostId, difference, { allowCordoned: true }))) return false;
  } else {
    await releaseOnHost(tx, row.hostId, { vcpus: -difference.vcpus, memoryMiB: -difference.memoryMiB, cpuReservationMillicores: -difference.cpuReservationMillicores, memoryReservationMiB: -difference.memoryReservationMiB });
    await wake(tx, "place-instances");
  }
  await resizeAllocationRow(tx, instanceId, claim);
  await announce(tx, { organizationId: null, topic: "host", id: row.hostId });
  return true;
}
