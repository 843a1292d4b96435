import type { DunningDates, DunningSchedule, DunningStage } from "./types";

/** The stages in their order; a case only goes forward, until it is closed. */
export const STAGES: readonly DunningStage[] = ["reminded", "restricted", "suspended", "retained", "deleted"];

/** What each stage makes of the organization's standing. */
export const STANDING_OF: Readonly<Record<DunningStage, "good" | "restricted" | "suspended">> = { reminded: "good", restricted: "restricted", suspended: "suspended", retained: "suspended", deleted: "suspended" };

/** The dates of a case, fixed when it opens and told at once. */
export function datesOf(openedAt: Date, schedule: DunningSchedule): DunningDates {
  const after = (seconds: number): Date => new Date(openedAt.getTime() + seconds * 1000);
  return { openedAt, restrictAt: after(schedule.restrictSeconds), suspendAt: after(schedule.suspendSeconds), retainAt: after(schedule.retainSeconds), deleteAt: after(schedule.deleteSeconds) };
}

/** The stage that the dates say for a moment. */
export function stageAt(dates: DunningDates, now: Date): DunningStage {
  if (now >= dates.deleteAt) return "deleted";
  if (now >= dates.retainAt) return "retained";
  if (now >= dates.suspendAt) return "suspended";
  return now >= dates.restrictAt ? "restricted" : "reminded";
}

/** When the next stage begins; null after the last. */
export function nextStageAt(dates: DunningDates, stage: DunningStage): Date | null {
  switch (stage) {
    case "reminded": return dates.restrictAt;
    case "restricted": return dates.suspendAt;
    case "suspended": return dates.retainAt;
    case "retained": return dates.deleteAt;
    case "deleted": return null;
  }
}
