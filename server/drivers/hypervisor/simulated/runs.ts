import type { WorldState } from "./state";
import type { DoubleRun, RunRecord } from "./types";

/** The guest's vCPUs begin to execute on `host`. */
export function openRun(state: WorldState, host: string, instanceId: string, via: RunRecord["via"] = "start"): void {
  const key = `${host}/${instanceId}`;
  if (state.openRuns.has(key)) return;
  const run: RunRecord = { instanceId, host, startMs: state.clock.nowMs(), via, endMs: null };
  state.runs.push(run);
  state.openRuns.set(key, run);
}

/** They stop, whatever anybody is told about it. */
export function closeRun(state: WorldState, host: string, instanceId: string): void {
  const key = `${host}/${instanceId}`;
  const run = state.openRuns.get(key);
  if (!run) return;
  run.endMs = state.clock.nowMs();
  state.openRuns.delete(key);
}

/**
 * Every stretch in which one instance executed on two hosts at once. Intervals are half-open, so a hand-over at
 * one moment is none. An empty list is the first thing that every simulation asserts.
 */
export function findDoubleRuns(runs: readonly RunRecord[]): DoubleRun[] {
  const byInstance = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const list = byInstance.get(run.instanceId);
    if (list) list.push(run);
    else byInstance.set(run.instanceId, [run]);
  }
  const found: DoubleRun[] = [];
  for (const [instanceId, list] of byInstance) {
    const ordered = list.toSorted((a, b) => a.startMs - b.startMs);
    for (let index = 0; index < ordered.length; index++) {
      const first = ordered[index];
      if (!first) continue;
      for (let other = index + 1; other < ordered.length; other++) {
        const second = ordered[other];
        if (!second || (first.endMs !== null && second.startMs >= first.endMs)) break;
        const toMs = first.endMs === null ? second.endMs : second.endMs === null ? first.endMs : Math.min(first.endMs, second.endMs);
        if (toMs !== null && toMs <= second.startMs) continue;
        found.push({ instanceId, hosts: [first.host, second.host], fromMs: second.startMs, toMs });
      }
    }
  }
  return found;
}
