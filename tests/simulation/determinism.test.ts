import { afterAll, beforeAll, expect, it } from "vitest";
import { FAULTS } from "@/server/lab/sim/seed/faults";
import { runSeed } from "@/server/lab/sim/seed/run-seed";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { simTestDatabase } from "./database";

/** In the second one hosts sleep. */
const SEEDS = [3, 4];
const LENGTH_MS = 6_000;

let server: SimDatabaseServer;
beforeAll(async () => {
  server = await simTestDatabase();
});
afterAll(() => server.close());

it("plays one seed twice alike, statement for statement", async () => {
  for (const seed of SEEDS) {
    const play = async (): Promise<{ readonly lines: readonly string[]; readonly trace: string }> => {
      const lines: string[] = [];
      const { trace } = await runSeed({ seed, server, faults: FAULTS, lengthMs: LENGTH_MS, onTrace: (line) => void lines.push(line) });
      return { lines, trace };
    };
    const [first, second] = [await play(), await play()];
    const differs = first.lines.findIndex((line, at) => line !== second.lines[at]);
    expect(differs < 0 ? null : [first.lines[differs], second.lines[differs]], `seed ${seed}`).toBeNull();
    expect(second.trace).toBe(first.trace);
    expect(first.lines.length).toBeGreaterThan(500);
  }
}, 600_000);
