export { meterHeld, ownRecords } from "./meter-held";
export type { HeldUse } from "./types";
