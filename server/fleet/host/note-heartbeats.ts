import type { Transaction } from "@/server/platform/transaction";
import { writeHeartbeats, type Heartbeat } from "./store";

export type { Heartbeat };

/** Writes who answered and who did not, a whole pass at once. What follows from it is decided elsewhere. */
export function noteHeartbeats(tx: Transaction, beats: readonly Heartbeat[]): Promise<void> {
  return writeHeartbeats(tx, beats);
}
