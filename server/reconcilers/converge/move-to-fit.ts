import { planMigration, takeSnapshot, type Claim } from "@/server/fleet";
import { placeInstances } from "@/server/planner";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { inputsOf, rejectedOf } from "../place-instances";
import type { Machines } from "../machines";
import type { Pass } from "../types";
import type { Placed } from "./conclude";

/** A move that failed is not tried again for the same wish before this has gone by; until then the size waits for the next boot. */
const NOT_AGAIN_MS = 600_000;
/** Of each worker, because tests and simulations have several in one process. */
const tried = new WeakMap<Machines, Map<string, number>>();

/**
 * A running machine that outgrows its host moves first, live, to one where the new size fits; it grows there. True: the move is
 * planned, and the room for the new size is taken on the target. False: it cannot move live, or fits nowhere now.
 */
export async function moveToFit(pass: Pass, view: Placed, claim: Claim): Promise<boolean> {
  const { context } = pass;
  const { desired } = view;
  const wish = `${desired.id} ${desired.generation}`;
  const nowMs = context.clock.nowMs();
  const triedAtMs = tried.get(pass.machines) ?? new Map<string, number>();
  tried.set(pass.machines, triedAtMs);
  for (const [key, atMs] of triedAtMs) if (nowMs - atMs > NOT_AGAIN_MS) triedAtMs.delete(key);
  if (triedAtMs.has(wish)) return false;
  const snapshot = await takeSnapshot(context, view.cluster.id);
  const instance = snapshot.instances.get(desired.id);
  const present = snapshot.planner.instances.find(({ id }) => id === desired.id);
  if (!instance || !present?.canMigrate) return false;
  const wanted = {
    ...present,
    vcpus: claim.vcpus,
    memoryMiB: claim.memoryMiB,
    instanceClass: { ...present.instanceClass, cpuReservationMillicoresPerVcpu: claim.cpuReservationMillicores / claim.vcpus, memoryReservationRatio: claim.memoryReservationMiB / claim.memoryMiB },
  };
  const others = snapshot.planner.instances.filter(({ id }) => id !== desired.id);
  const plan = placeInstances({ ...snapshot.planner, instances: others }, [{ instance: wanted }]);
  const action = plan.actions.find(({ op, instanceId }) => op === "place" && instanceId === desired.id);
  if (!action || action.toHostId === view.host.id) return false;
  const planned = await inTransaction(context, (tx) =>
    planMigration(tx, context, {
      instanceId: desired.id,
      organizationId: desired.organizationId,
      clusterId: view.cluster.id,
      toHostId: action.toHostId,
      wave: 0,
      reason: sentence("moved-to-grow", { instance: desired.name }),
      claim,
      decision: {
        basedOn: { instanceGeneration: desired.generation, clusterGeneration: snapshot.cluster.generation },
        inputs: { ...inputsOf(snapshot, instance), before: { vcpus: view.allocation.vcpus, memoryMiB: view.allocation.memoryMiB }, after: { ...claim } },
        chosen: { action: "migrate", cause: "resize", fromHostId: view.host.id, fromHostName: view.host.name, hostId: action.toHostId, hostName: snapshot.names.get(action.toHostId) ?? action.toHostId, numbers: action.numbers },
        rejected: rejectedOf(snapshot, plan.rejected.find((entry) => entry.instanceId === desired.id)?.rejections ?? []),
        predicted: { ...action.predicted },
      },
    }),
  );
  if (!planned) return false;
  triedAtMs.set(wish, nowMs);
  pass.wake("migrate-instances");
  return true;
}
