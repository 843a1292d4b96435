import type { SleepCertificate } from "@/server/planner/types";
import type { Context } from "@/server/platform/context";
import { sentence, type Said } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { allocationsOn } from "../allocation/store";
import { storeCertificate } from "../certificate/store-certificate";
import { claimGeneration } from "../cluster/claim-generation";
import { raiseGeneration } from "../cluster/store";
import { recordDecision, type NewDecision } from "../decision/record-decision";
import { changeHostState } from "../host/change-state";
import { hostsOf, lockHost } from "../host/store";
import { openMigrationsTouching } from "../migration/store";
import { PlanSuperseded } from "../rules";
import { changePowerState } from "./change-power-state";

export interface Sleep {
  readonly clusterId: string;
  /** Generation that the certificate was made for; any change since refuses. */
  readonly generation: number;
  readonly hostId: string;
  /** Names this host and every other sleeper. */
  readonly certificate: SleepCertificate;
  readonly reason: Said;
  readonly decision: Pick<NewDecision, "inputs" | "rejected" | "predicted">;
}

/**
 * Decides that an empty host sleeps: the certificate is stored and the host leaves service in one transaction, for
 * exactly the generation that was proved. The power itself is cut by the loop power-hosts afterwards.
 * @throws PlanSuperseded when anything has changed since: prove again.
 */
export function putToSleep(context: Context, sleep: Sleep): Promise<string> {
  return inTransaction(context, async (tx) => {
    await claimGeneration(tx, sleep.clusterId, sleep.generation);
    const host = await lockHost(tx, sleep.hostId);
    const sleepers = (await hostsOf(tx, sleep.clusterId)).filter((one) => one.state === "asleep").map((one) => one.id);
    const named = new Set(sleep.certificate.asleepHostIds);
    const covered = named.has(sleep.hostId) && sleepers.every((id) => named.has(id));
    const free = host?.state === "up" && !host.drainRequestedAt && !host.maintenance && !host.keepAwake && (await allocationsOn(tx, sleep.hostId)).length === 0 && (await openMigrationsTouching(tx, sleep.hostId)).length === 0;
    if (!host || !covered || !free) throw new PlanSuperseded(sleep.clusterId, sleep.generation);
    const decisionId = await recordDecision(tx, context, {
      kind: "sleep",
      clusterId: sleep.clusterId,
      hostId: sleep.hostId,
      basedOn: { clusterGeneration: sleep.generation },
      chosen: { action: "sleep", hostId: host.id, hostName: host.name },
      reason: sleep.reason,
      outcome: "planned",
      ...sleep.decision,
    });
    // The change of state raises the generation; the proof is stored for the state that it describes.
    const asleep = await changeHostState(tx, context, host, "asleep", sleep.reason);
    const generation = await raiseGeneration(tx, sleep.clusterId);
    const certificateId = await storeCertificate(tx, context, sleep.clusterId, generation, sleep.certificate, sentence("proof-one-more", { host: host.name }));
    await changePowerState(tx, context, { ...asleep, powerState: host.powerState }, "falling-asleep", { kind: "sleep", reason: sleep.reason, certificateId, decisionId });
    return decisionId;
  });
}
