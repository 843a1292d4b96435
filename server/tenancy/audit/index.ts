export { recordAudit, recordAudits } from "./record-audit";
export { listAudit, type AuditPage } from "./list-audit";
export { verifyAuditChains } from "./verify-audit";
export { PROVIDER_CHAIN } from "./types";
export type { AuditEntryView, AuditRecord, AuditVerification, BrokenLink, ChainReport } from "./types";
