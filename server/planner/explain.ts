import type { Action, CheckResult, Plan } from "./types";
import type { PairWhatIf, WhatIf } from "./what-if";

/** Longer lists are cut in the text; JSON has everything. */
const MAX_LINES = 20;

export interface ExplainOptions {
  /** What the judge found, if it was asked. */
  check?: CheckResult;
  /** Also what was rejected for each action. */
  why?: boolean;
}

/** A plan for people, after hbal: score before, every step with its reason and the score after it, score after; what was refused and left out. */
export function explainPlan(plan: Plan, options: ExplainOptions = {}): string {
  const lines: string[] = [`Policy: ${plan.policy}`, `Score before: ${plan.scoreBefore.toFixed(8)}`];
  const steps = plan.actions;
  const wide = String(steps.length).length;
  const rejected = new Map(plan.rejected.map((one) => [one.instanceId, one.rejections]));
  steps.forEach((action, index) => {
    const score = plan.scoreCurve[index];
    const after = score === undefined ? "" : `  [score ${score.toFixed(8)}]`;
    lines.push(` ${String(index + 1).padStart(wide)}. [wave ${action.wave}] ${inWords(action)}: ${action.reason}${after}`);
    if (options.why !== true || action.instanceId === null) return;
    for (const one of rejected.get(action.instanceId) ?? []) lines.push(`${" ".repeat(wide + 4)}not ${one.hostId} (${one.rule}): ${one.text}`);
  });
  lines.push(`Score after: ${plan.scoreAfter.toFixed(8)}`);
  if (plan.hostsFreed.length > 0) lines.push(`Hosts freed: ${plan.hostsFreed.length} (${cut(plan.hostsFreed)})`);
  lines.push(...plan.summary);
  for (const one of plan.refusals) {
    for (const rejection of one.rejections.slice(0, MAX_LINES)) lines.push(`  ${rejection.hostId}: ${rejection.text}`);
    if (one.rejections.length > MAX_LINES) lines.push(`  ... and ${one.rejections.length - MAX_LINES} more hosts`);
  }
  const notWorth = plan.rejected.flatMap((one) => one.rejections.filter((rejection) => rejection.rule === "cost"));
  for (const one of notWorth.slice(0, MAX_LINES)) lines.push(`not worth it: ${one.text}`);
  for (const one of plan.leftOut.slice(0, MAX_LINES)) lines.push(`left out: ${one.text}`);
  if (plan.leftOut.length > MAX_LINES) lines.push(`left out: ${plan.leftOut.length - MAX_LINES} more`);
  if (plan.certificate !== null && plan.certificate.asleepHostIds.length > 0) lines.push(certificateInWords(plan));
  const { seconds, gbMoved, downtimeMs } = plan.predicted;
  if (plan.waves > 1) {
    for (const wave of plan.schedule.slice(0, MAX_LINES)) lines.push(`Wave ${wave.wave}: ${Math.ceil(wave.seconds)} s, over after ${Math.ceil(wave.endSeconds)} s, ${wave.gbMoved.toFixed(1)} GB`);
    if (plan.schedule.length > MAX_LINES) lines.push(`... and ${plan.schedule.length - MAX_LINES} more waves`);
  }
  lines.push(`Predicted: ${plan.waves} waves, ${Math.ceil(seconds)} s, ${gbMoved.toFixed(1)} GB moved, ${(downtimeMs / 1000).toFixed(1)} s of pauses in sum`);
  if (options.check !== undefined) lines.push(...judgment(options.check));
  return lines.join("\n");
}

function inWords({ op, instanceId, fromHostId, toHostId }: Action): string {
  const from = fromHostId === null || fromHostId === toHostId ? "" : `${fromHostId} -> `;
  return `${`${op} ${instanceId ?? ""}`.trim()} ${from}${toHostId}`;
}

function certificateInWords({ certificate }: Plan): string {
  if (certificate === null) return "";
  const asleep = certificate.asleepHostIds.length;
  const losses = certificate.losses === 1 ? "any one host" : `any ${certificate.losses} hosts`;
  return `Certificate: ${losses} may be lost while any one of ${asleep} sleepers does not wake; ${certificate.backups.length} instances have ranked backups, ${certificate.cases.length} losses are spelled out`;
}

function judgment(check: CheckResult): string[] {
  if (check.ok) return ["Judged: no rule is broken"];
  return [`Judged: ${check.findings.length} findings`, ...check.findings.slice(0, MAX_LINES).map((one) => `  ${one.rule}${one.actionIndex === null ? "" : ` (step ${one.actionIndex + 1})`}: ${one.text}`)];
}

function cut(names: readonly string[]): string {
  return names.length <= MAX_LINES ? names.join(", ") : `${names.slice(0, MAX_LINES).join(", ")}, ...`;
}

/** What would happen if hosts were lost, for people. */
export function explainWhatIf(single: readonly WhatIf[], pairs: readonly PairWhatIf[]): string {
  const unsafe = single.filter((one) => !one.safe);
  const unsafePairs = pairs.filter((one) => !one.safe);
  const lines = [`Any one host lost: ${single.length - unsafe.length} of ${single.length} losses are survived`];
  for (const one of unsafe.slice(0, MAX_LINES)) lines.push(`  ${one.hostId}: no place for ${cut(one.without)}`);
  if (unsafe.length > MAX_LINES) lines.push(`  ... and ${unsafe.length - MAX_LINES} more`);
  lines.push(`Two hosts lost: ${pairs.length - unsafePairs.length} of ${pairs.length} pairs that were tried are survived`);
  for (const one of unsafePairs.slice(0, MAX_LINES)) lines.push(`  ${one.hostIds.join(" and ")}: no place for ${one.without ?? "?"}`);
  if (unsafePairs.length > MAX_LINES) lines.push(`  ... and ${unsafePairs.length - MAX_LINES} more`);
  return lines.join("\n");
}
