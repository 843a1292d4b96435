import type { Transaction } from "@/server/platform/transaction";
import type { FencingRow } from "../types";
import { fencingsOf } from "./store";

/** The newest fencings of a host, open or closed, newest first. */
export function readFencings(tx: Transaction, hostId: string, limit: number): Promise<FencingRow[]> {
  return fencingsOf(tx, hostId, limit);
}
