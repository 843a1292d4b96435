export { findDrift, listDrift } from "./find-drift";
export { recountRuns } from "./rules";
export type { CountedRun, UsageFactRow } from "./types";
