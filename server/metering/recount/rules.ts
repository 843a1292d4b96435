import type { CountedRun, UsageFactRow } from "./types";

/** As metering has it: a start this little after the last word is the same run seen late. */
const TOLERANCE_MS = 1_500;
/** As metering has it: an arrival joins the run that ended at most this long before. */
const JOINED_MS = 120_000;

interface Open {
  flavorId: string;
  movable: boolean;
  startMs: number;
  endMs: number;
  gone: boolean;
}

/**
 * Counts one instance's running time anew, from what hosts said and nothing else: a list walked once, where metering keeps rows that
 * grow. `facts` are of one instance. Pure.
 */
export function recountRuns(instanceId: string, facts: readonly UsageFactRow[]): CountedRun[] {
  const runs: CountedRun[] = [];
  let open: Open | null = null;
  const end = (run: Open): void => {
    if (run.endMs > run.startMs && run.flavorId !== "") runs.push({ instanceId, flavorId: run.flavorId, movable: run.movable, startedAtMs: run.startMs, endedAtMs: run.endMs });
  };
  for (const fact of facts.toSorted((a, b) => a.firstAt.getTime() - b.firstAt.getTime() || a.lastAt.getTime() - b.lastAt.getTime())) {
    const firstMs = fact.firstAt.getTime();
    const runMs = fact.runAt.getTime();
    const known = runMs > 0;
    if (fact.goneAt !== null && !known) {
      if (open && !open.gone) {
        open.endMs = Math.max(open.endMs, fact.goneAt.getTime());
        open.gone = true;
      }
      continue;
    }
    const anew = open === null || open.gone || (known && !fact.continues && runMs > open.endMs + TOLERANCE_MS);
    if (open && anew) {
      end(open);
      const joined: boolean = fact.continues && firstMs - open.endMs < JOINED_MS;
      open = { flavorId: fact.flavorId || open.flavorId, movable: fact.movable, startMs: joined ? open.endMs : Math.min(firstMs, Math.max(known ? runMs : firstMs, open.endMs)), endMs: fact.lastAt.getTime(), gone: false };
    } else if (!open) {
      open = { flavorId: fact.flavorId, movable: fact.movable, startMs: known ? Math.min(runMs, firstMs) : firstMs, endMs: fact.lastAt.getTime(), gone: false };
    } else if ((fact.flavorId !== "" && fact.flavorId !== open.flavorId) || fact.movable !== open.movable) {
      // A run that began at or after the last word of the one before had its new size from its start on.
      const at = Math.max(open.endMs, known && runMs >= open.endMs ? Math.min(runMs, firstMs) : firstMs);
      end({ ...open, endMs: at });
      open = { flavorId: fact.flavorId || open.flavorId, movable: fact.movable, startMs: at, endMs: Math.max(at, fact.lastAt.getTime()), gone: false };
    } else {
      open.endMs = Math.max(open.endMs, fact.lastAt.getTime());
    }
  }
  if (open) end(open);
  return runs;
}

/** Milliseconds of stretches within [from, to). */
export function msWithin(stretches: readonly { readonly startedAtMs: number; readonly endedAtMs: number }[], fromMs: number, toMs: number): number {
  return stretches.reduce((sum, stretch) => sum + Math.max(0, Math.min(stretch.endedAtMs, toMs) - Math.max(stretch.startedAtMs, fromMs)), 0);
}
