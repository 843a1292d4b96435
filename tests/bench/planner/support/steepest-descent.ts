import { balanceState, type BalanceScore } from "@/server/planner/balance/dimensions";
import { buildModel } from "@/server/planner/model/model";
import type { Loads } from "@/server/planner/read/read-cluster-json";
import type { ClusterSnapshot } from "@/server/planner";

/**
 * hbal's way on shared storage: of all moves of one instance to one host, the one that lowers the score most, again and again until none
 * does. It ends with hbal's score to the last digit in as many moves (see the bench), so it stands in for hbal on clusters where hbal was not run.
 */
export function descendSteepest(snapshot: ClusterSnapshot, kind: BalanceScore, loads: Loads): { score: number; moves: number } {
  const model = buildModel(snapshot);
  const { state } = balanceState(model, model.hosts.map((_, host) => host), kind, loads);
  let moves = 0;
  for (;;) {
    let least = state.score() - 1e-12;
    let best = -1;
    let target = -1;
    for (let instance = 0; instance < state.instanceCount; instance += 1) {
      for (let host = 0; host < state.hostCount; host += 1) {
        if (host === state.hostOf[instance] || !state.hasRoom(instance, host, -1)) continue;
        const score = state.scoreOfExchange(instance, -1, host);
        if (score >= least) continue;
        least = score;
        best = instance;
        target = host;
      }
    }
    if (best < 0) return { score: state.score(), moves };
    state.move(best, target);
    moves += 1;
  }
}
