import type { Transaction } from "@/server/platform/transaction";
import { countEvents } from "./store";

/** How often something of a kind happened to an instance since a moment, by its timeline. */
export function countRecentEvents(tx: Transaction, instanceId: string, kind: string, since: Date): Promise<number> {
  return countEvents(tx, instanceId, kind, since);
}
