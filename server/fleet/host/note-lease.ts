import type { Transaction } from "@/server/platform/transaction";
import { writeLease } from "./store";

/** What was last seen of a host's run-lease. Does not raise generations: plans do not depend on it. */
export function noteLease(tx: Transaction, hostId: string, lease: { readonly beat: number; readonly seenAt: Date; readonly ttlSeconds: number }): Promise<void> {
  return writeLease(tx, hostId, lease);
}
