import { existsSync, readFileSync } from "node:fs";
import type { Breach } from "./judge-look";

export type WatchLine =
  | { readonly event: "seen"; readonly key: string; readonly host: string; readonly pid: number; readonly instance: string; readonly incoming: boolean; readonly startedAtMs: number; readonly atMs: number }
  | { readonly event: "gone"; readonly key: string; readonly lastSeenMs: number; readonly atMs: number }
  | { readonly event: "breach"; readonly atMs: number; readonly breach: Breach }
  /** `writers`: processes with a disk open for writing; `locked`: those that hold its write lock. Looks and gap since the beginning. */
  | { readonly event: "beat"; readonly atMs: number; readonly looks: number; readonly longestGapMs: number; readonly guests: number; readonly writers: number; readonly locked: number };

/** One process of a guest, as the watcher saw it. */
export interface WatchedRun {
  readonly key: string;
  readonly instance: string;
  readonly host: string;
  readonly incoming: boolean;
  readonly startedAtMs: number;
  /** The last moment at which it was seen; null while it runs. */
  readonly lastSeenMs: number | null;
}

export interface Watched {
  readonly runs: readonly WatchedRun[];
  readonly breaches: readonly { readonly atMs: number; readonly breach: Breach }[];
  readonly looks: number;
  readonly longestGapMs: number;
  readonly lastBeatMs: number;
  /** The most processes that were seen with a write lock at once: zero says that the watcher sees no disks. */
  readonly mostLocked: number;
}

/** Pure; a torn last line is left out. */
export function parseWatched(text: string): Watched {
  const runs = new Map<string, WatchedRun>();
  const breaches: { atMs: number; breach: Breach }[] = [];
  let [looks, longestGapMs, lastBeatMs, mostLocked] = [0, 0, 0, 0];
  for (const row of text.split("\n").slice(0, -1)) {
    const line = JSON.parse(row) as WatchLine;
    if (line.event === "seen") {
      const { key, instance, host, incoming, startedAtMs } = line;
      runs.set(key, { key, instance, host, incoming, startedAtMs, lastSeenMs: null });
    } else if (line.event === "gone") {
      const run = runs.get(line.key);
      if (run) runs.set(line.key, { ...run, lastSeenMs: line.lastSeenMs });
    } else if (line.event === "breach") breaches.push({ atMs: line.atMs, breach: line.breach });
    else {
      ({ looks, longestGapMs } = line);
      lastBeatMs = line.atMs;
      mostLocked = Math.max(mostLocked, line.locked);
    }
  }
  return { runs: [...runs.values()], breaches, looks, longestGapMs, lastBeatMs, mostLocked };
}

export function readWatched(file: string): Watched {
  return parseWatched(existsSync(file) ? readFileSync(file, "utf8") : "");
}
