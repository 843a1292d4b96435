import type { Transaction } from "@/server/platform/transaction";
import type { DecisionRow } from "../types";
import { pageDecisions } from "./store";

/** The newest plan that empties a host; null when there was none since the given moment. */
export async function lastEvacuation(tx: Transaction, hostId: string, since: Date): Promise<DecisionRow | null> {
  const { rows } = await pageDecisions(tx, { kind: "evacuate", hostId, limit: 1 });
  const [row] = rows;
  return row && row.createdAt >= since ? row : null;
}
