// What tenants ask for.
export { assignPeople, listAssignments, removeAssignment, type AssignmentView } from "./assignment/assign-people";
export { importPeople, type ImportReport, type LineOutcome } from "./assignment/import-people";
export { addToGroup, removeFromGroup } from "./group/change-members";
export { createGroup, deleteGroup, listGroupMembers, listGroups, type GroupMemberView, type GroupView } from "./group/keep-group";
export { addVersion } from "./golden/add-version";
export { listGolden, readCheckScreenshot, type GoldenVersionView } from "./golden/list-golden";
export { publishVersion, retireVersion } from "./golden/publish-version";
export { createPool } from "./pool/create-pool";
export { getPool, listPools } from "./pool/list-pools";
export { deletePool, rollOut, updatePool } from "./pool/update-pool";
export { endDesktopSession, logOff } from "./session/end-session";
export { issueDesktopTicket, issueFileTicket } from "./session/issue-ticket";
export { listDesktopSessions, listMyDesktops } from "./session/list-sessions";
export { openDesktop, readSession } from "./session/open-desktop";
export { listPictures, watchPool, type DesktopPicture } from "./picture/watch-pool";
export { readOverview, type DesktopsOverview } from "./overview/read-overview";
export { listSessionEvents, type SessionEvents } from "./session/list-events";
export { reportSession } from "./session/report-session";
export { tellEvent } from "./session/tell-event";
export { listHoldings, type DesktopHoldings } from "./usage/list-holdings";
export { renderCostsCsv, sumCosts, type DesktopCosts, type MachineCost, type PersonCost, type PoolCost } from "./usage/sum-costs";
export { assignDesktop } from "./unit/assign-desktop";
export { listDesktops } from "./unit/list-desktops";
export { resetDesktop } from "./unit/reset-desktop";

// What the loops read and write.
export { concludeCheck, listChecking, orderCheckMachine, removeCheckMachine } from "./golden/check-version";
export { excess, keepPool, listPoolsAtWork, surplus, wakeable, type PoolAtWork } from "./pool/keep-pool";
export { keepPicture, listDuePictures, type DuePicture } from "./picture/keep-picture";
export { learnedReady, LEAD_MINUTES, LOOK_BACK_DAYS } from "./pool/learn-ready";
export { readWantedReady } from "./pool/want-ready";
export { isHoliday, localMoment, stillBoots, wantedReady } from "./rules";
export { advanceDesktop } from "./unit/advance-desktop";
export { languageOf, notePersonalised, personalityOf, type Personality } from "./unit/personalise-desktop";
export { decideDesktop, type DesktopStep } from "./unit/decide-desktop";
export { listDesktopWork } from "./unit/list-desktops";
export type { DesktopState, DesktopView, DesktopWork, GoldenVersionRow, MyDesktop, Opening, PoolRow, PoolView, SessionView } from "./types";
