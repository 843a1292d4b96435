import type { moveConsent } from "@/db/schema/automation";

/** When an owner agrees to have a machine moved for balance or sleep. */
export type MoveConsent = typeof moveConsent.$inferSelect;
