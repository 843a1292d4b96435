import type { Host, Instance, Prediction } from "./types";

const DEFAULT_DIRTY_MIB_PER_SECOND = 16;
/** QEMU pauses the guest for the last round; its default limit. */
const LAST_ROUND_MS = 300;
/** Hand-over at both ends, measured on libvirt hosts as a few seconds. */
const SET_UP_SECONDS = 2;
/** Guest shutdown plus boot, for instances that cannot move live. */
const RESTART_SECONDS = 60;

/**
 * Live migration copies the memory, then again what was written meanwhile, and so on: a geometric series with the ratio
 * dirty rate / link rate. A guest that writes faster than the link copies never ends; it is capped at ten rounds.
 */
export function predictMigration(instance: Instance, from: Host, to: Host, defaultLinkMbps: number): Prediction {
  const linkMbps = Math.min(from.linkMbps ?? defaultLinkMbps, to.linkMbps ?? defaultLinkMbps);
  const linkMiBPerSecond = Math.max(1, linkMbps / 8.388608);
  const dirty = instance.wanted === "off" ? 0 : (instance.dirtyMiBPerSecond ?? DEFAULT_DIRTY_MIB_PER_SECOND);
  const factor = Math.min(10, 1 / Math.max(0.1, 1 - dirty / linkMiBPerSecond));
  const movedMiB = instance.memoryMiB * factor;
  return {
    seconds: SET_UP_SECONDS + movedMiB / linkMiBPerSecond,
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
  const slowest = new Map<number, number>();
  let downtimeMs = 0;
  let gbMoved = 0;
  for (const { wave, predicted } of actions) {
    slowest.set(wave, Math.max(slowest.get(wave) ?? 0, predicted.seconds));
    downtimeMs += predicted.downtimeMs;
    gbMoved += predicted.gbMoved;
  }
  return { seconds: [...slowest.values()].reduce((sum, one) => sum + one, 0), downtimeMs, gbMoved };
}
