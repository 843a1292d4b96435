import { z } from "zod";

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "looks like 09:00" });

export const setConsentInput = z.object({
  instanceId: z.string().min(1).max(64),
  timeZone: z.string().max(64).refine((zone) => isTimeZone(zone), { error: "is no time zone, like Asia/Tokyo" }),
  /** Not moved in these windows; 0 is Sunday, no days means every day. */
  notDuring: z.array(z.object({ from: timeOfDay, to: timeOfDay, days: z.array(z.number().int().min(0).max(6)).max(7).optional() })).max(14),
  /** Told so long before a move; 0 moves without notice. */
  noticeMinutes: z.number().int().min(0).max(1_440),
  /** Agrees to be moved at any time for a lower price. */
  movableForDiscount: z.boolean(),
});
export type SetConsentInput = z.output<typeof setConsentInput>;

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
