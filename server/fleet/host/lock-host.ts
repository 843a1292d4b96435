import type { Transaction } from "@/server/platform/transaction";
import type { HostRow } from "../types";
import { lockHost } from "./store";

/** The host's row, held until commit; for a change of state decided by what it says now. */
export function lockHostRow(tx: Transaction, hostId: string): Promise<HostRow | null> {
  return lockHost(tx, hostId);
}
