export { endConsoleSession } from "./end-session";
export { endSilentConsoles } from "./end-silent";
export { hashTicket, issueConsoleTicket, TICKET_SECONDS } from "./issue-ticket";
export { listConsoleSessions, listLiveConsoles } from "./list-sessions";
export { endConsoleSessionInput, issueConsoleTicketInput } from "./schema";
export type { EndConsoleSessionInput, IssueConsoleTicketInput } from "./schema";
export type { ConsoleKind, ConsoleSessionView, ConsoleTicket, DesktopFile, DesktopPolicy, LiveConsoleView } from "./types";
