export { EVENTS_KEPT_MS, expireEvents } from "./expire-events";
export { readInbox, type InboxView } from "./read-inbox";
export { listInboxJobs, noteReplayed, noteWorked, postponeJob, receiveEvents, replayFrom, type InboxJob } from "./receive-events";
export { targetOf } from "./rules";
export type { EventRow, EventTarget, IncomingEvent } from "./types";
