export { grantSlaCredits, listSlaCredits } from "./grant-credits";
export { creditBasisPoints, creditMicros, downtimeMs } from "./rules";
export { selectCredits } from "./store";
export type { SlaCreditRow, SlaOutage } from "./types";
