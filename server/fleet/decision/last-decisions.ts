import type { Transaction } from "@/server/platform/transaction";
import type { DecisionRow } from "../types";
import { newestDecisions } from "./store";

/** The newest decision about each instance, of any kind: a refusal that still stands is not written again. */
export function lastDecisions(tx: Transaction, instanceIds: readonly string[]): Promise<Map<string, DecisionRow>> {
  return newestDecisions(tx, instanceIds);
}
