import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Where the shared data lie beside a checkout, or null. */
export function dataFolder(part: string): string | null {
  const folder = resolve(import.meta.dirname, "../../../../../shared/data", part);
  return existsSync(folder) ? folder : null;
}

/** One day of CPU percentages: a file a machine, sorted by name, because the order decides the type of each. */
export function readDay(folder: string): Float64Array[] {
  return readdirSync(folder)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((file) => {
      const samples = readFileSync(join(folder, file), "utf8").split("\n").filter((line) => line.trim() !== "").map(Number);
      const data = new Float64Array(289);
      for (let i = 0; i < 288; i += 1) data[i] = (samples[i] ?? 0) / 100;
      // The reader of the original repeats the last sample but one.
      data[288] = data[287]!;
      return data;
    });
}

/** Unpacks a day's archive into a temporary folder and returns the folder with the files. */
export function unpackDay(archive: string): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-day-"));
  execFileSync("tar", ["xzf", archive, "-C", folder]);
  const [only] = readdirSync(folder);
  return only !== undefined && readdirSync(folder).length === 1 ? join(folder, only) : folder;
}
