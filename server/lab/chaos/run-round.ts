import { endWishes, doDeed } from "./deeds";
import type { Ground } from "./ground";
import { isLoss } from "./plan-round";
import { mend, strike } from "./strike";
import type { FailoverTime, Fault, Happened, RoundPlan, RoundResult } from "./types";
import { findMissing, findWrongSums } from "./wanted";
import type { WatchedRun } from "./watch-journal";

const LOOK_AGAIN_MS = 250;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Plays one round: faults during deeds, everything mended, everything wanted runs again within `boundMs`. */
export async function runRound(ground: Ground, plan: RoundPlan, boundMs: number): Promise<RoundResult> {
  const beganMs = Date.now();
  const breachesBefore = ground.watched().breaches.length;
  const history: Happened[] = [];
  const note = (text: string): void => void history.push({ atMs: Date.now() - beganMs, text });
  const failovers: FailoverTime[] = [];
  const broken: string[] = [];
  const faults = plan.faults.map(async (fault, index) => {
    await pause(fault.atMs);
    failovers.push(...(await suffer(ground, fault, (index + 0.5) / plan.faults.length, note)));
  });
  const deeds = plan.deeds.map(async (deed) => {
    await pause(deed.atMs);
    note(await doDeed(ground, deed));
  });
  await Promise.all([...faults, ...deeds]);
  await endWishes(ground);
  for (const host of ground.hostNames) await mend(ground, host);
  note("everything is mended");
  const settledMs = await settle(ground, boundMs, note, broken);
  const seen = ground.watched();
  for (const { breach } of seen.breaches.slice(breachesBefore)) broken.push(`${breach.kind}: ${breach.what} on ${breach.parties.map((party) => `${party.host} (pid ${party.pid})`).join(" and ")}`);
  broken.push(...(await findWrongSums(ground)));
  return { seed: plan.seed, plan, history, failovers, settledMs, broken };
}

/** One fault from its beginning to its end, and what was restarted elsewhere because of it. */
async function suffer(ground: Ground, fault: Fault, pick: number, note: (text: string) => void): Promise<FailoverTime[]> {
  const before = ground.watched().runs.filter((run) => run.lastSeenMs === null && run.host === fault.host);
  const struckMs = Date.now();
  note(await strike(ground, fault, pick));
  const endMs = struckMs + fault.forMs;
  // With `hasty` a host comes back in the middle of its own failover.
  while (Date.now() < endMs && !(isLoss(fault.kind) && !fault.hasty && restarted(ground, before, fault, struckMs).length >= before.length)) await pause(LOOK_AGAIN_MS);
  const times = isLoss(fault.kind) ? restarted(ground, before, fault, struckMs) : [];
  if (fault.host !== null) {
    note(`${fault.host} is mended; ${times.length} of ${before.length} of its machines run elsewhere`);
    await mend(ground, fault.host);
  }
  return times;
}

function restarted(ground: Ground, before: readonly WatchedRun[], fault: Fault, struckMs: number): FailoverTime[] {
  const { runs } = ground.watched();
  return before.flatMap(({ instance, host }) => {
    const next = runs.find((run) => run.instance === instance && run.host !== host && run.startedAtMs >= struckMs && !run.incoming);
    return next ? [{ instance, from: host, to: next.host, cause: fault.kind, ms: next.startedAtMs - struckMs }] : [];
  });
}

async function settle(ground: Ground, boundMs: number, note: (text: string) => void, broken: string[]): Promise<number | null> {
  const fromMs = Date.now();
  for (;;) {
    const missing = await findMissing(ground);
    if (missing.length === 0) {
      note("everything wanted runs");
      return Date.now() - fromMs;
    }
    if (Date.now() - fromMs > boundMs) {
      broken.push(...missing.map((text) => `not within ${boundMs / 1_000} s: ${text}`));
      return null;
    }
    await pause(LOOK_AGAIN_MS);
  }
}
