export { readSession } from "./read-session";
export type { Membership, Session, SessionClaims, SessionUser, SessionView } from "./types";
