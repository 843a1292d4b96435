import { readObserved } from "@/server/compute";
import type { Fleet } from "@/server/fleet";
import { recordSamples, type SampleCounter } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import type { PollResult } from "./poll";
import type { Pass } from "../types";

const MINUTE_MS = 60_000;
/** Hosts take turns within the minute, so that no pass writes them all. */
const taken = new WeakMap<Pass["machines"], Map<string, number>>();

/** Writes the counters of running domains about once a minute and host. */
export async function takeSamples(pass: Pass, fleet: Fleet, answers: readonly PollResult[]): Promise<void> {
  const { context, machines } = pass;
  const nowMs = context.clock.nowMs();
  const last = taken.get(machines) ?? new Map<string, number>();
  taken.set(machines, last);
  const due = answers.filter((answer) => answer.observation && minuteOf(nowMs, answer.hostId) !== last.get(answer.hostId));
  if (due.length === 0) return;
  await inTransaction(context, async (tx) => {
    const owners = await readObserved(tx, context);
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
  for (const answer of due) last.set(answer.hostId, minuteOf(nowMs, answer.hostId));
}

/** The minute that a host is in, each with its own offset. */
function minuteOf(nowMs: number, hostId: string): number {
  let hash = 0;
  for (let at = 0; at < hostId.length; at++) hash = (hash * 31 + hostId.charCodeAt(at)) % MINUTE_MS;
  return Math.floor((nowMs + hash) / MINUTE_MS);
}
