import type { RunRecord } from "@/server/drivers/hypervisor/simulated";
import type { Effect, Word } from "./hypervisor-tap";

/** A start this soon after the last word of the run before is taken for that run seen late (metering's tolerance of clocks and rounding). */
const SAME_RUN_MS = 1_500;

/** One life of a machine: from a start to an end, over every host that it moved to meanwhile. */
interface Life {
  readonly startMs: number;
  endMs: number | null;
  readonly parts: RunRecord[];
  /** When a worker that asked for the start heard that it runs: at once, or when another one asked again, because the first never heard; null: no one did. */
  toldMs: number | null;
  /** When that was asked for: a start counts from the request on, and takes a moment. */
  askedMs: number;
}

/** A stretch that should be billed, for a machine of so many vCPUs. */
export interface Due {
  readonly vcpus: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MachineTruth {
  /** What was heard of how it really was: to be billed, to the millisecond. */
  readonly due: readonly Due[];
  /** Every millisecond that its vCPUs executed. */
  readonly ranMs: number;
  /**
   * Milliseconds that may be billed besides: only an answer that came too late told of them, or a restart fell between two words, so
   * that nobody could know of the gap; or it was so short that both are one run; or a start took a while. Never beyond the time between two words.
   */
  readonly unsureMs: number;
  /** Only how the time splits between two sizes is unsure. */
  readonly lateSizes: boolean;
}

/**
 * What is due for one machine, from the simulated hypervisor's own record of where it executed, and from the words that reached the
 * control plane. Nothing here comes from the code under test.
 */
export function truthOf(instanceId: string, runs: readonly RunRecord[], words: readonly Word[], effects: readonly Effect[]): MachineTruth {
  const lives = livesOf(runs.filter((run) => run.instanceId === instanceId), effects.filter((effect) => effect.subject === instanceId));
  const due: Due[] = [];
  let unsureMs = 0;
  let lateSizes = false;
  let before: { readonly life: Life; readonly heardMs: number } | null = null;
  for (const life of lives) {
    const heard = words.flatMap((word) => (life.parts.some((part) => part.host === word.host && part.startMs < word.askedMs && word.askedMs <= (part.endMs ?? Infinity)) && word.running.has(instanceId) ? [{ atMs: word.askedMs, vcpus: word.running.get(instanceId) ?? 0, late: word.late }] : [])).toSorted((a, b) => a.atMs - b.atMs);
    const prompt = heard.filter((word) => !word.late);
    const [first] = prompt;
    const last = prompt.at(-1);
    // What only late answers told of may be billed or not: by the time that they came it may have had no place any more.
    if (heard.length > prompt.length) unsureMs += (heard.at(-1)?.atMs ?? 0) - (last?.atMs ?? heard[0]?.atMs ?? 0) + (first ? Math.max(0, first.atMs - (life.toldMs !== null ? first.atMs : (heard[0]?.atMs ?? first.atMs))) : (heard.at(-1)?.atMs ?? 0) - life.startMs);
    // A late answer may be the first that showed a new size: the total is the same, the moment of the change is one of two.
    lateSizes ||= heard.length > prompt.length && new Set(heard.map((word) => word.vcpus)).size > 1;
    if (!first || !last) continue;
    let fromMs = Math.min(first.atMs, life.toldMs ?? first.atMs);
    if (life.toldMs !== null) unsureMs += life.toldMs - life.askedMs;
    // It ended and began again between two words, and nobody was told of either.
    if (before && (fromMs - before.heardMs <= SAME_RUN_MS || (life.toldMs === null && !goneBetween(instanceId, before, life, words)))) unsureMs += fromMs - before.heardMs;
    for (const [index, word] of prompt.entries()) {
      const sizeMs = index === 0 ? word.vcpus : (prompt[index - 1]?.vcpus ?? word.vcpus);
      if (word.atMs > fromMs) due.push({ vcpus: sizeMs, fromMs, toMs: word.atMs });
      fromMs = word.atMs;
    }
    before = { life, heardMs: last.atMs };
  }
  return { due: merged(due), ranMs: lives.reduce((sum, life) => sum + ((life.endMs ?? Infinity) - life.startMs), 0), unsureMs, lateSizes };
}

function livesOf(runs: readonly RunRecord[], effects: readonly Effect[]): Life[] {
  const lives: Life[] = [];
  for (const run of runs.toSorted((a, b) => a.startMs - b.startMs)) {
    const open = lives.at(-1);
    if (run.via === "migration" && open) {
      open.parts.push(run);
      open.endMs = run.endMs;
      continue;
    }
    const start = effects.find((effect) => (effect.call === "startDomain" || effect.call === "restoreDomain") && effect.host === run.host && effect.atMs === run.startMs);
    lives.push({ startMs: run.startMs, endMs: run.endMs, parts: [run], toldMs: start?.told ? run.startMs : null, askedMs: start?.beganMs ?? run.startMs });
  }
  for (const life of lives.filter((one) => one.toldMs === null)) {
    const again = effects.find((effect) => effect.told && (effect.call === "startDomain" || effect.call === "restoreDomain") && life.parts.some((part) => part.host === effect.host && part.startMs <= effect.atMs && effect.atMs <= (part.endMs ?? Infinity)));
    if (again) [life.toldMs, life.askedMs] = [again.atMs, again.beganMs];
  }
  return lives;
}

/** True when some prompt word of the host where it last was showed that it is gone. */
function goneBetween(instanceId: string, before: { readonly life: Life; readonly heardMs: number }, next: Life, words: readonly Word[]): boolean {
  const host = before.life.parts.at(-1)?.host;
  return words.some((word) => word.host === host && !word.late && word.askedMs > before.heardMs && word.askedMs <= next.startMs && !word.running.has(instanceId));
}

function merged(due: readonly Due[]): Due[] {
  const whole: Due[] = [];
  for (const part of due) {
    const last = whole.at(-1);
    if (last?.vcpus === part.vcpus && last.toMs === part.fromMs) whole[whole.length - 1] = { ...last, toMs: part.toMs };
    else whole.push(part);
  }
  return whole;
}

/** Milliseconds of stretches within [fromMs, toMs). */
export function within(stretches: readonly { readonly fromMs: number; readonly toMs: number }[], fromMs: number, toMs: number): number {
  return stretches.reduce((sum, part) => sum + Math.max(0, Math.min(part.toMs, toMs) - Math.max(part.fromMs, fromMs)), 0);
}

/** When each disk and saved memory stood on the storage: from the call that made it to the one that removed it. Seeds are not sold. */
export function volumesOf(effects: readonly Effect[], atMs: number): ReadonlyMap<string, { readonly fromMs: number; readonly toMs: number; readonly unsureMs: number }> {
  const found = new Map<string, { fromMs: number; toMs: number; unsureMs: number }>();
  for (const effect of effects) {
    const known = found.get(effect.subject);
    if (effect.call === "ensureVolume" || effect.call === "saveDomain") {
      if (!known) found.set(effect.subject, { fromMs: effect.atMs, toMs: atMs, unsureMs: 0 });
      // Asked for again: whoever made it could not write that down, so nobody knew of it until now.
      else known.unsureMs = Math.max(known.unsureMs, effect.atMs - known.fromMs);
    } else if (effect.call === "deleteVolume" && known) {
      if (known.toMs === atMs) known.toMs = effect.atMs;
      // Deleted before, and only now known to be.
      else known.unsureMs += effect.atMs - known.toMs;
    }
  }
  return found;
}
