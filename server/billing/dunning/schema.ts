import { z } from "zod";
import type { DunningSchedule } from "./types";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const NAMES = ["restrict", "suspend", "retain", "delete", "remind"] as const;
const LONGEST_SECONDS = 3_650 * 86_400;

/** Reminder at once; nothing new after a week; stopped after two; data kept for two months in all. */
export const DEFAULT_SCHEDULE_TEXT = "restrict=7d,suspend=14d,retain=30d,delete=60d,remind=3d";

function read(text: string): DunningSchedule | string {
  const parts = new Map(text.split(",").map((part) => part.trim().split("=") as [string, string | undefined]));
  const seconds = new Map<string, number>();
  for (const name of NAMES) {
    const match = /^(\d+)([smhd])$/.exec(parts.get(name) ?? "");
    const value = Number(match?.[1]) * (UNITS[match?.[2] ?? ""] ?? Number.NaN);
    if (!Number.isFinite(value) || value > LONGEST_SECONDS) return `needs ${name}=<number><s|m|h|d>, as in ${DEFAULT_SCHEDULE_TEXT}`;
    seconds.set(name, value);
  }
  const of = (name: (typeof NAMES)[number]): number => seconds.get(name) ?? 0;
  if (!(of("restrict") <= of("suspend") && of("suspend") <= of("retain") && of("retain") <= of("delete"))) return "needs restrict <= suspend <= retain <= delete";
  if (of("remind") < 1) return "needs a pause of at least a second between reminders";
  return { restrictSeconds: of("restrict"), suspendSeconds: of("suspend"), retainSeconds: of("retain"), deleteSeconds: of("delete"), remindEverySeconds: of("remind") };
}

/** `restrict=7d,suspend=14d,retain=30d,delete=60d,remind=3d`: how long after an invoice became overdue each step is taken. */
export const dunningSchedule = z.string().default(DEFAULT_SCHEDULE_TEXT).transform((text, issues) => {
  const schedule = read(text);
  if (typeof schedule !== "string") return schedule;
  issues.addIssue({ code: "custom", message: schedule });
  return z.NEVER;
});

export const extendDunningInput = z.object({ organizationId: z.string().min(1).max(64), days: z.number().int().min(1).max(90), reason: z.string().trim().min(1).max(500) });
export type ExtendDunningInput = z.output<typeof extendDunningInput>;
