import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULTS, type Fault } from "@/server/lab/sim/seed/faults";
import { CORPUS, SEED_LENGTH_MS } from "@/server/lab/sim/seed/play-seeds";
import { runSeed } from "@/server/lab/sim/seed/run-seed";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { simTestDatabase } from "./database";

/** A few; SIM_SEEDS plays more, and `npm run sim -- --seeds` many. */
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 4);
/** The same seeds in every run of the tests, so that a failure is news about the code; SIM_FROM chooses others. */
const FIRST = Number(process.env["SIM_FROM"] ?? 1);

let server: SimDatabaseServer;
beforeAll(async () => {
  server = await simTestDatabase();
});
afterAll(() => server.close());

interface CorpusEntry {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly lengthMs: number;
}

const corpus: readonly CorpusEntry[] = existsSync(CORPUS) ? readFileSync(CORPUS, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as CorpusEntry) : [];

describe("the control plane under faults", () => {
  it(`holds every invariant on the ${corpus.length} seeds that once broke one`, async () => {
    for (const { seed, faults, lengthMs } of corpus) {
      const { violation } = await runSeed({ seed, server, faults, lengthMs });
      expect(violation, `npm run sim -- --seed ${seed} --days ${lengthMs / 86_400_000} --faults ${faults.join(",")}`).toBeNull();
    }
  }, 600_000);

  it.each(Array.from({ length: SEEDS }, (_, index) => FIRST + index))("holds every invariant on seed %i", async (seed) => {
    const { violation } = await runSeed({ seed, server, faults: FAULTS, lengthMs: SEED_LENGTH_MS });
    expect(violation, `npm run sim -- --seed ${seed}`).toBeNull();
  }, 600_000);
});
