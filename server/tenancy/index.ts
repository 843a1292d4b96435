export { listAudit, PROVIDER_CHAIN, recordAudit, verifyAuditChains } from "./audit";
export type { AuditEntryView, AuditPage, AuditRecord, AuditVerification, BrokenLink, ChainReport } from "./audit";
export { readSession } from "./session";
export type { Membership, Session, SessionClaims, SessionUser, SessionView } from "./session";
export { mayManage, roleAllows, staffAllows } from "./rules";
export { MEMBER_ROLES, OPERATOR_ROLES, STANDINGS } from "./types";
export type { Locale, MemberRole, OperatorRole, Standing } from "./types";
