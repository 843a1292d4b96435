export { draftInvoice, listLineWindows, namesOf, selectLineWindows } from "./draft-invoice";
export { findPeriod, gatherBasis, toPrice, toWindow } from "./gather-basis";
export { rateBasis } from "./rules";
export { selectCommitments } from "./store";
export type { Basis, CommitmentRow, DiscountRow, LatePeriod } from "./types";
