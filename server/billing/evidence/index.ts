export { keepEvidence, listEvidenceKeys, readEvidence } from "./keep-evidence";
export { verifyEvidence } from "./rules";
export type { EvidenceVerdict } from "./types";
