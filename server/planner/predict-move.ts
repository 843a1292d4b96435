import type { Host, Instance, Prediction, WaveForecast } from "./types";

/** What a guest under light use writes. */
export const DEFAULT_DIRTY_MIB_PER_SECOND = 16;
/** QEMU pauses the guest for the last round; its default limit. */
const LAST_ROUND_MS = 300;
/** Hand-over at both ends, measured on libvirt hosts as a few seconds. */
const SET_UP_SECONDS = 2;
/** Guest shutdown plus boot, for instances that cannot move live. */
const RESTART_SECONDS = 60;

/** What the link between two hosts copies: the slower end decides. */
export function linkMiBPerSecond(from: Host, to: Host, defaultLinkMbps: number): number {
  return Math.max(1, Math.min(from.linkMbps ?? defaultLinkMbps, to.linkMbps ?? defaultLinkMbps) / 8.388608);
}

/** Switching to the target at once: short pauses while missing pages come over, but the memory travels once only. */
const POST_COPY_DOWNTIME_MS = 1000;

/** A post-copy migration: the guest runs at the target while its memory follows, once. */
export function predictPostCopy(instance: Instance, from: Host, to: Host, defaultLinkMbps: number): Prediction {
  const seconds = SET_UP_SECONDS + instance.memoryMiB / linkMiBPerSecond(from, to, defaultLinkMbps);
  return { seconds, downtimeMs: POST_COPY_DOWNTIME_MS, gbMoved: instance.memoryMiB / 1024 };
}

/**
 * Live migration copies the memory, then again what was written meanwhile, and so on: a geometric series with the ratio
 * dirty rate / link rate. A guest that writes faster than the link copies never ends; it is capped at ten rounds.
 */
export function predictMigration(instance: Instance, from: Host, to: Host, defaultLinkMbps: number): Prediction {
  const link = linkMiBPerSecond(from, to, defaultLinkMbps);
  const dirty = instance.wanted === "off" ? 0 : (instance.dirtyMiBPerSecond ?? DEFAULT_DIRTY_MIB_PER_SECOND);
  const factor = Math.min(10, 1 / Math.max(0.1, 1 - dirty / link));
  const movedMiB = instance.memoryMiB * factor;
  return {
    seconds: SET_UP_SECONDS + movedMiB / link,
    downtimeMs: instance.wanted === "off" ? 0 : LAST_ROUND_MS,
    gbMoved: movedMiB / 1024,
  };
}

/** A stop and a start elsewhere: nothing is copied (shared storage), the guest is away while it boots. */
export function predictRestart(instance: Instance): Prediction {
  const away = instance.wanted === "on" ? RESTART_SECONDS : 0;
  return { seconds: away, downtimeMs: away * 1000, gbMoved: 0 };
}

export const NOTHING: Prediction = { seconds: 0, downtimeMs: 0, gbMoved: 0 };

/** Waves follow each other, actions of a wave run side by side: seconds add up over waves, the rest over actions. */
export function predictTotal(actions: readonly { wave: number; predicted: Prediction }[]): Prediction {
  const schedule = predictWaves(actions);
  const downtimeMs = actions.reduce((sum, one) => sum + one.predicted.downtimeMs, 0);
  const gbMoved = actions.reduce((sum, one) => sum + one.predicted.gbMoved, 0);
  return { seconds: schedule.at(-1)?.endSeconds ?? 0, downtimeMs, gbMoved };
}

interface Timed {
  op?: string;
  fromHostId?: string | null;
  toHostId?: string;
  wave: number;
  predicted: Prediction;
}

/**
 * When each wave ends. Copies of one wave that leave (or reach) the same host share that direction of its link, so it takes as long as they
 * do one after the other, whichever way they are interleaved; the wave takes as long as its slowest action or its busiest host.
 */
export function predictWaves(actions: readonly Timed[]): WaveForecast[] {
  const waves = new Map<number, { seconds: number; gbMoved: number; busy: Map<string, number> }>();
  for (const action of actions) {
    const wave = waves.get(action.wave) ?? { seconds: 0, gbMoved: 0, busy: new Map<string, number>() };
    waves.set(action.wave, wave);
    wave.gbMoved += action.predicted.gbMoved;
    wave.seconds = Math.max(wave.seconds, action.predicted.seconds);
    if (action.op !== "migrate") continue;
    const copying = Math.max(0, action.predicted.seconds - SET_UP_SECONDS);
    for (const direction of [`${action.fromHostId ?? ""}>`, `>${action.toHostId ?? ""}`]) {
      const busy = (wave.busy.get(direction) ?? SET_UP_SECONDS) + copying;
      wave.busy.set(direction, busy);
      wave.seconds = Math.max(wave.seconds, busy);
    }
  }
  let endSeconds = 0;
  return [...waves]
    .toSorted(([a], [b]) => a - b)
    .map(([wave, { seconds, gbMoved }]) => {
      endSeconds += seconds;
      return { wave, seconds, endSeconds, gbMoved };
    });
}
