import { markVolumes, noteApplied, notePendingBoot, recordInstanceEvents, recordObservation } from "@/server/compute";
import { claimOf, recordDecision, resizeAllocation, type Claim } from "@/server/fleet";
import { sentence, sentences, textOf, wordsOf, type Said, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { disksOf, disksToGrow } from "./decide-step";
import { diskTarget } from "./domain-spec";
import type { FullView } from "./look";
import { applied, placed } from "./conclude";
import { moveToFit } from "./move-to-fit";
import { unplace } from "./power";
import { growVolumes } from "./volumes";

const MIB_PER_GIB = 1_024;
const NO_ROOM = sentence("boot-no-room");

/** A running machine: what can change live changes now, the rest waits for the next boot and says so. */
export async function resizeRunning(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  const { desired } = view;
  const host = machines.host(view.host);
  const disks = disksOf(desired);
  for (const volume of disksToGrow(desired)) {
    const capacityMiB = volume.sizeGiB * MIB_PER_GIB;
    await host.growDisk(desired.id, diskTarget(disks.indexOf(volume)), capacityMiB);
    await inTransaction(context, (tx) => markVolumes(tx, context, [{ volumeId: volume.id, state: "present", observedSizeMiB: capacityMiB }]));
  }
  const wanted = claimOf(desired);
  // While it runs, the larger of both sizes is taken: a size that shrinks at the next boot is used until then.
  const roomy = await inTransaction(context, (tx) => resizeAllocation(tx, desired.id, larger(wanted, view.allocation)));
  if (!roomy && (await moveToFit(pass, view, larger(wanted, view.allocation)))) return;
  const sizeSeen = desired.observation?.vcpus === desired.vcpus && desired.observation.memoryMiB === desired.memoryMiB;
  const result = !roomy ? { applied: "at-next-boot" as const, reason: NO_ROOM.text, words: NO_ROOM.words } : sizeSeen ? { applied: "live" as const, reason: null, words: undefined } : await host.resizeDomain({ instanceId: desired.id, epoch: view.allocation.epoch, vcpus: desired.vcpus, memoryMiB: desired.memoryMiB });
  const why: Said = result.reason === null ? sentence("boot-needs-restart") : result.words ? { text: result.reason, words: [...result.words] } : result.reason;
  await inTransaction(context, async (tx) => {
    await recordDecision(tx, context, {
      kind: "resize",
      clusterId: view.cluster.id,
      organizationId: desired.organizationId,
      instanceId: desired.id,
      hostId: view.host.id,
      basedOn: { instanceGeneration: desired.generation, clusterGeneration: view.cluster.generation },
      inputs: { before: { vcpus: view.allocation.vcpus, memoryMiB: view.allocation.memoryMiB }, after: { ...wanted }, diskGiB: desired.diskGiB },
      chosen: { applied: result.applied, reason: result.reason },
      rejected: result.applied === "live" ? [] : [{ action: "live", why: textOf(why), words: wordsOf(why) }],
      reason: result.applied === "live" ? sentence("resized-live", { instance: desired.name }) : joined(sentence("resized-at-boot", { instance: desired.name }), why),
      outcome: "applied",
    });
    if (result.applied === "live") {
      await resizeAllocation(tx, desired.id, wanted);
      await recordObservation(tx, context, [{ instanceId: desired.id, hostId: view.host.id, state: "running", reason: "started", epoch: view.allocation.epoch, vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, observedAt: context.clock.now() }]);
      await noteApplied(tx, context, applied(view));
      await recordInstanceEvents(tx, context, [{ instanceId: desired.id, kind: "resized", detail: { vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, diskGiB: desired.diskGiB, live: true } }]);
    } else {
      await notePendingBoot(tx, context, { instanceId: desired.id, generation: desired.generation, reason: why, diskGiB: desired.diskGiB });
    }
  });
}

/** One sentence after the other; without codes when one of them has none. */
function joined(first: Sentence, second: Said): Said {
  return typeof second === "string" ? `${first.text} ${second}` : sentences(first, second);
}

function larger(a: Claim, b: Claim): Claim {
  return {
    vcpus: Math.max(a.vcpus, b.vcpus),
    memoryMiB: Math.max(a.memoryMiB, b.memoryMiB),
    cpuReservationMillicores: Math.max(a.cpuReservationMillicores, b.cpuReservationMillicores),
    memoryReservationMiB: Math.max(a.memoryReservationMiB, b.memoryReservationMiB),
  };
}

/** A machine that is off: its disks grow, and its place follows its size, or is given up for another. */
export async function resizeStopped(pass: Pass, given: FullView): Promise<void> {
  const { context } = pass;
  const view = placed(given);
  await growVolumes(pass, view, pass.machines.host(view.host));
  const roomy = await inTransaction(context, async (tx) => {
    if (!(await resizeAllocation(tx, view.desired.id, claimOf(view.desired)))) return false;
    await noteApplied(tx, context, applied(view));
    return true;
  });
  if (!roomy) await unplace(pass, view);
}
