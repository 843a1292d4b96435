export { changePassword } from "./change-password";
export { countAttempt } from "./limit-attempts";
export { listSessions } from "./list-sessions";
export { readSession } from "./read-session";
export { revokeOtherSessions, revokeSession, signOut } from "./revoke-session";
export { signIn, type Caller } from "./sign-in";
export { SESSION_LIFETIME_MS } from "./rules";
export type { Membership, Session, SessionClaims, SessionUser, SessionView } from "./types";
