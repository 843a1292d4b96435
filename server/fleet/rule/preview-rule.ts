import { followRules } from "@/server/planner";
import type { Context } from "@/server/platform/context";
import type { Words } from "@/server/platform/sentences";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { mintId } from "@/server/platform/id";
import { namedWords, nameHosts } from "../rules";
import type { PlacementRuleInput } from "../schema";
import { snapshotIn } from "../snapshot/take-snapshot";
import type { PlacementRuleRow } from "../types";
import { ruleGroups, ruleHosts } from "./build-rules";

/** What a rule would move at once, and what stands in its way. */
export interface RuleEffect {
  readonly moves: readonly { readonly instanceId: string; readonly instanceName: string; readonly fromHostName: string | null; readonly toHostName: string; readonly seconds: number; readonly downtimeMs: number }[];
  readonly refusals: readonly { readonly instanceId: string; readonly instanceName: string; readonly text: string; readonly words: readonly Words[] }[];
}

/** Says what `addPlacementRule` with the same input would do; changes nothing. */
export function previewPlacementRule(context: Context, input: PlacementRuleInput): Promise<RuleEffect> {
  return inTransaction(context, async (tx) => {
    const { planner, names, instances } = await snapshotIn(tx, context, input.clusterId);
    const missing = input.instanceIds.find((id) => !instances.has(id));
    if (missing !== undefined) throw notFound("instance", missing);
    const rule: PlacementRuleRow = { id: mintId("placementRule", context), ...input, createdAt: context.clock.now(), createdBy: context.actor.id };
    const plan = followRules({ ...planner, groups: [...planner.groups, ...ruleGroups([rule], new Set(planner.instances.map((one) => one.id)))], hostRules: [...planner.hostRules, ...ruleHosts([rule])] });
    const name = (id: string | null): string => (id === null ? "" : (names.get(id) ?? id));
    return {
      moves: plan.actions.flatMap((action) => (action.instanceId === null || action.op === "stop" ? [] : [{ instanceId: action.instanceId, instanceName: name(action.instanceId), fromHostName: action.fromHostId === null ? null : name(action.fromHostId), toHostName: name(action.toHostId), seconds: action.predicted.seconds, downtimeMs: action.predicted.downtimeMs }])),
      refusals: plan.refusals.filter((refusal) => instances.has(refusal.instanceId)).map((refusal) => ({ instanceId: refusal.instanceId, instanceName: name(refusal.instanceId), text: nameHosts(refusal.text, names), words: namedWords(refusal.words, names) })),
    };
  }, { isolation: "repeatable read", readOnly: true });
}
