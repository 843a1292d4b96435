import type { DailyWindow } from "@/db/schema/automation";
import type { AutomationRow } from "../types";

export type { DailyWindow };

/** What a cluster may do by itself, without the notes of who changed it. */
export type Automation = Omit<AutomationRow, "updatedAt" | "updatedBy">;
