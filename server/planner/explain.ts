import type { Plan } from "./types";

/** A plan for people: score before, every step with its reason, score after, what was refused and left out. */
export function explainPlan(plan: Plan): string {
  const lines: string[] = [`Policy: ${plan.policy}`, `Score before: ${plan.scoreBefore.toFixed(8)}`];
  const steps = plan.actions;
  const wide = String(steps.length).length;
  steps.forEach((action, index) => {
    const from = action.fromHostId === null ? "" : `${action.fromHostId} -> `;
    const what = `${action.op} ${action.instanceId ?? ""}`.trim();
    lines.push(` ${String(index + 1).padStart(wide)}. [wave ${action.wave}] ${what} ${from}${action.toHostId}: ${action.reason}`);
  });
  lines.push(`Score after: ${plan.scoreAfter.toFixed(8)}`);
  if (plan.hostsFreed.length > 0) lines.push(`Hosts freed: ${plan.hostsFreed.length} (${plan.hostsFreed.slice(0, 20).join(", ")}${plan.hostsFreed.length > 20 ? ", ..." : ""})`);
  lines.push(...plan.summary);
  for (const one of plan.refusals) {
    for (const rejection of one.rejections.slice(0, 20)) lines.push(`  ${rejection.hostId}: ${rejection.text}`);
  }
  for (const one of plan.leftOut.slice(0, 20)) lines.push(`left out: ${one.text}`);
  const { seconds, gbMoved, downtimeMs } = plan.predicted;
  lines.push(`Predicted: ${plan.waves} waves, ${seconds.toFixed(0)} s, ${gbMoved.toFixed(1)} GB moved, ${(downtimeMs / 1000).toFixed(1)} s of pauses in sum`);
  return lines.join("\n");
}
