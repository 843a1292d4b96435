import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { QemuRun } from "./types";

export type JournalLine =
  | { readonly event: "start"; readonly key: string; readonly instance: string; readonly host: string; readonly pid: number; readonly startTicks: number; readonly startedAtMs: number }
  | { readonly event: "end"; readonly key: string; readonly endedAtMs: number; readonly uncertaintyMs: number };

export interface JournalRun extends QemuRun {
  readonly key: string;
  readonly startTicks: number;
}

/** Joins starts and ends. A torn last line (the recorder was killed while it wrote) is left out. */
export function parseJournal(text: string): readonly JournalRun[] {
  const runs = new Map<string, JournalRun>();
  // Every whole line ends with a line break, so what follows the last one is torn.
  for (const row of text.split("\n").slice(0, -1)) {
    const line = JSON.parse(row) as JournalLine;
    if (line.event === "start") {
      const { key, instance, host, pid, startTicks, startedAtMs } = line;
      runs.set(key, { key, instance, host, pid, startTicks, startedAtMs, endedAtMs: null, endUncertaintyMs: 0 });
    } else {
      const run = runs.get(line.key);
      if (run) runs.set(line.key, { ...run, endedAtMs: line.endedAtMs, endUncertaintyMs: line.uncertaintyMs });
    }
  }
  return [...runs.values()];
}

export async function readJournal(file: string): Promise<readonly QemuRun[]> {
  if (!existsSync(file)) return [];
  return parseJournal(await readFile(file, "utf8")).map(({ instance, host, pid, startedAtMs, endedAtMs, endUncertaintyMs }) => ({ instance, host, pid, startedAtMs, endedAtMs, endUncertaintyMs }));
}
