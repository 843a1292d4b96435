import type { Transaction } from "@/server/platform/transaction";
import { PlanSuperseded } from "../rules";
import { claimGenerationRow } from "./store";

/**
 * The optimistic re-check of a plan: succeeds only while the cluster still has the generation that the plan was made
 * from, and raises it. First statement of an apply, so that appliers of one cluster go one after the other.
 */
export async function claimGeneration(tx: Transaction, clusterId: string, generation: number): Promise<void> {
  if (!(await claimGenerationRow(tx, clusterId, generation))) throw new PlanSuperseded(clusterId, generation);
}
