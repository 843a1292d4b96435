import type { Transaction } from "@/server/platform/transaction";
import { chosenOf } from "../decision/store";

/** What was decided about a move beyond its ends. */
export interface MoveChoice {
  /** Why, for the owner's timeline; null where an operator asked for it. */
  readonly cause: string | null;
  readonly mode: "precopy" | "postcopy";
}

/** From the move's own receipt. */
export async function readMoveChoice(tx: Transaction, decisionId: string): Promise<MoveChoice> {
  const chosen = await chosenOf(tx, decisionId);
  return { cause: typeof chosen["cause"] === "string" ? chosen["cause"] : null, mode: chosen["mode"] === "postcopy" ? "postcopy" : "precopy" };
}
