import type { Transaction } from "@/server/platform/transaction";
import { selectCursor, selectRecent, summarizeEvents } from "./store";
import type { EventRow } from "./types";

const MOST = 100;

export interface InboxView {
  readonly byState: readonly { readonly state: string; readonly many: number }[];
  readonly newestAt: Date | null;
  readonly replayedThrough: Date | null;
  readonly recent: readonly Omit<EventRow, "payload">[];
}

/** What came from the provider, for the operator's page. */
export async function readInbox(tx: Transaction): Promise<InboxView> {
  return { ...(await summarizeEvents(tx)), replayedThrough: await selectCursor(tx, "events"), recent: await selectRecent(tx, MOST) };
}
