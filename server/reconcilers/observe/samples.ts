import type { ObservedRow } from "@/server/compute";
import type { Fleet } from "@/server/fleet";
import { recordSamples, type SampleCounter } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import type { PollResult } from "./poll";
import type { Turns } from "./turns";
import type { Pass } from "../types";

/** Writes the counters of running domains about once a minute and host. */
export async function takeSamples(pass: Pass, fleet: Fleet, owners: ReadonlyMap<string, ObservedRow>, answers: readonly PollResult[], turns: Turns): Promise<void> {
  const { context } = pass;
  const nowMs = context.clock.nowMs();
  const due = answers.filter((answer) => answer.observation && turns.due(answer.hostId, nowMs));
  if (due.length === 0) return;
  await inTransaction(context, async (tx) => {
    const counters: SampleCounter[] = [];
    for (const answer of due) {
      for (const domain of answer.observation?.domains ?? []) {
        const allocation = fleet.allocations.get(domain.instanceId);
        const owner = owners.get(domain.instanceId);
        if (!owner || allocation?.hostId !== answer.hostId || allocation.epoch !== domain.epoch || domain.state !== "running") continue;
        counters.push({
          instanceId: domain.instanceId,
          organizationId: owner.organizationId,
          at: answer.askedAt,
          epoch: domain.epoch,
          cpuTimeNs: domain.cpuTimeNs,
          cpuDelayNs: domain.cpuDelayNs,
          memoryUsedMiB: domain.balloonUnusedMiB === null ? domain.residentMiB : domain.memoryMiB - domain.balloonUnusedMiB,
          diskReadBytes: domain.diskReadBytes,
          diskWrittenBytes: domain.diskWrittenBytes,
          netReceivedBytes: domain.netReceivedBytes,
          netSentBytes: domain.netSentBytes,
        });
      }
    }
    await recordSamples(tx, counters);
  });
}
