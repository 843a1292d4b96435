export { advanceDunning, liftDunning, type DunningPass } from "./advance-dunning";
export { extendDunning, listStandings, readDunning, readDunningBoard, type BoardEntry } from "./read-board";
export { DEFAULT_SCHEDULE_TEXT, dunningSchedule } from "./schema";
export type { DunningRow, DunningSchedule, DunningStage, Overdue } from "./types";
