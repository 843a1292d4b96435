export { grantSlaCredits, listSlaCredits } from "./grant-credits";
export { creditBasisPoints, creditMicros, downtimeMs } from "./rules";
export type { SlaCreditRow, SlaOutage } from "./types";
