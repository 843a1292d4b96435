export { Crew, type CrewOptions } from "./crew";
export { allLoops } from "./loops";
export { Machines, type MachinesOptions } from "./machines";
export { rehearse } from "./rehearse/play";
export type { LoopDefinition, Pass, PassOutcome } from "./types";
