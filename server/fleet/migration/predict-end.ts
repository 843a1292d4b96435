import type { Context } from "@/server/platform/context";
import type { Plan } from "@/server/planner";
import type { Transaction } from "@/server/platform/transaction";
import { medianPace } from "./store";

const DAYS = 30;
const DAY_MS = 86_400_000;
/** The loop that carries moves out begins a wave within its period of a second after the one before. */
const BETWEEN_WAVES_SECONDS = 0.5;

/**
 * How long a plan's moves are likely to take, seconds: the planner's own figure, corrected by how long moves of this cluster have
 * taken of late against what was predicted of them. Links, hosts and guests are as they are; the last month knows them.
 */
export async function predictSeconds(tx: Transaction, context: Context, clusterId: string, plan: Pick<Plan, "predicted" | "waves">): Promise<number> {
  const pace = (await medianPace(tx, clusterId, new Date(context.clock.nowMs() - DAYS * DAY_MS))) ?? 1;
  return plan.predicted.seconds * pace + Math.max(0, plan.waves - 1) * BETWEEN_WAVES_SECONDS;
}
