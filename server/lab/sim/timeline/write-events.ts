import type { PowerRecord, RunRecord } from "@/server/drivers/hypervisor/simulated";
import type { TruthEvent } from "./types";

export interface Truth {
  readonly runs: readonly RunRecord[];
  readonly power: readonly PowerRecord[];
  /** Confirmed deaths: host and moment. */
  readonly fenced: readonly { readonly host: string; readonly atMs: number }[];
  /** Names by instance id. */
  readonly names: ReadonlyMap<string, string>;
  readonly beginMs: number;
}

/** At one moment: first what ends, then what is known of it, then what begins. */
const ORDER: Readonly<Record<TruthEvent["kind"], number>> = { host_killed: 0, host_off: 1, vm_stopped: 2, fence_ack: 3, recover: 4, migrate_end: 5, vm_started: 6 };

/** Ground truth as a list of events. Pure: the control plane's own opinion is only in the confirmed deaths. */
export function writeEvents(truth: Truth): TruthEvent[] {
  const at = (ms: number): number => Math.round(ms - truth.beginMs) / 1_000;
  const events: TruthEvent[] = [];
  for (const { host, atMs, to, how } of truth.power) {
    if (to !== "off" || atMs < truth.beginMs) continue;
    if (how === "lost" || how === "self" || how === "switched") events.push({ t: at(atMs), kind: "host_killed", host });
    events.push({ t: at(atMs), kind: "host_off", host });
  }
  for (const { host, atMs } of truth.fenced) events.push({ t: at(atMs), kind: "fence_ack", host });
  const ofInstance = new Map<string, RunRecord[]>();
  for (const run of truth.runs) ofInstance.set(run.instanceId, [...(ofInstance.get(run.instanceId) ?? []), run]);
  for (const [instanceId, runs] of ofInstance) {
    const vm = truth.names.get(instanceId) ?? instanceId;
    runs.forEach((run, index) => {
      const before = runs[index - 1];
      const after = runs[index + 1];
      if (run.via === "start") {
        if (before && before.host !== run.host) {
          const fence = truth.fenced.findLast((one) => one.host === before.host && one.atMs <= run.startMs && one.atMs >= before.startMs);
          if (fence) events.push({ t: at(run.startMs), kind: "recover", vm, from: before.host, to: run.host });
        }
        events.push({ t: at(run.startMs), kind: "vm_started", vm, host: run.host });
      } else if (before && before.host !== run.host) events.push({ t: at(run.startMs), kind: "migrate_end", vm, host: before.host, to: run.host });
      if (run.endMs !== null && after?.via !== "migration") events.push({ t: at(run.endMs), kind: "vm_stopped", vm, host: run.host });
    });
  }
  return events.sort((a, b) => a.t - b.t || ORDER[a.kind] - ORDER[b.kind]);
}
