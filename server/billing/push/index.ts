export { collectAgain, enqueueDueInvoices, enqueuePush, notePushedElsewhere, requireCustomer } from "./enqueue-push";
export { readHourForPush, readInvoiceForPush, readOrganizationForPush } from "./read-wishes";
export { enqueueMeterHours } from "./report-hours";
export { beginPush, failPush, finishPush, listDuePushes, listOpenPushes, retryPush } from "./run-push";
export { splitInvoice } from "./rules";
export type { BegunPush, PushItem, PushKind, PushRow, PushWish } from "./types";
export { waiveRemainder } from "./waive-remainder";
