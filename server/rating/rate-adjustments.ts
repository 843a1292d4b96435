import { lineOf } from "./build-lines";
import { rateUsage } from "./rate-usage";
import type { RatedLine, RateInput, UsageWindow } from "./types";

/** Use of a closed period that became known later, or that turned out not to have been. */
export interface LateUse extends UsageWindow {
  /** `add`: it was used and not billed; `withdraw`: it was billed and not used. */
  readonly direction: "add" | "withdraw";
}

/** The windows as they would have been had the late facts been in time. */
export function correctWindows(windows: readonly UsageWindow[], late: readonly LateUse[]): UsageWindow[] {
  let corrected: UsageWindow[] = [...windows];
  for (const { direction, ...fact } of late) {
    if (direction === "add") corrected.push(fact);
    else corrected = corrected.flatMap((window) => (window.meter === fact.meter && window.resourceId === fact.resourceId ? without(window, fact) : [window]));
  }
  return corrected;
}

function without(window: UsageWindow, gone: UsageWindow): UsageWindow[] {
  const before = { ...window, endedAtMs: Math.min(window.endedAtMs, gone.startedAtMs) };
  const after = { ...window, startedAtMs: Math.max(window.startedAtMs, gone.endedAtMs) };
  return [before, after].filter((part) => part.endedAtMs > part.startedAtMs);
}

/**
 * What late facts change in a period that is closed: the period rated with and without them, the difference a resource. Caps,
 * minimums and tiers of that month hold for the late part too. Trials, coupons and credits of that month are not opened again.
 */
export function rateAdjustments(input: { readonly closed: Omit<RateInput, "discounts" | "extraLines">; readonly known: readonly LateUse[]; readonly late: readonly LateUse[] }): RatedLine[] {
  const before = sums(rateUsage({ ...input.closed, windows: correctWindows(input.closed.windows, input.known) }).lines);
  const after = sums(rateUsage({ ...input.closed, windows: correctWindows(input.closed.windows, [...input.known, ...input.late]) }).lines);
  return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((key) => {
    const line = after.get(key)?.line ?? before.get(key)?.line;
    const amountMicros = (after.get(key)?.micros ?? 0n) - (before.get(key)?.micros ?? 0n);
    if (!line || amountMicros === 0n) return [];
    const ids = input.late.filter((fact) => fact.resourceId === line.resourceId).map((fact) => fact.id);
    return [lineOf("adjustment", `adjustment:${input.closed.period.startMs}:${key}`, amountMicros, line.taxRateBasisPoints, { meter: line.meter, resourceId: line.resourceId, instanceId: line.instanceId, flavorId: line.flavorId, storageClass: line.storageClass, reference: `period:${input.closed.period.startMs}`, windowIds: ids })];
  });
}

function sums(lines: readonly RatedLine[]): Map<string, { readonly line: RatedLine; readonly micros: bigint }> {
  const map = new Map<string, { line: RatedLine; micros: bigint }>();
  for (const line of lines) {
    const key = `${line.meter ?? ""}:${line.resourceId ?? line.kind}:${line.flavorId ?? ""}:${line.taxRateBasisPoints}`;
    map.set(key, { line, micros: (map.get(key)?.micros ?? 0n) + line.amountMicros });
  }
  return map;
}
