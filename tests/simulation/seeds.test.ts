import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULTS, type Fault } from "@/server/lab/sim/seed/faults";
import { CORPUS, SEED_LENGTH_MS } from "@/server/lab/sim/seed/play-seeds";
import { runSeed } from "@/server/lab/sim/seed/run-seed";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { simTestDatabase } from "./database";

/** Real time for seeds; SIM_SECONDS gives more. */
const SECONDS = Number(process.env["SIM_SECONDS"] ?? 12);
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

  it(`holds every invariant on seeds for ${SECONDS} s`, async () => {
    const began = performance.now();
    let seed = FIRST;
    for (; performance.now() - began < SECONDS * 1_000; seed++) {
      const { violation } = await runSeed({ seed, server, faults: FAULTS, lengthMs: SEED_LENGTH_MS });
      expect(violation, `npm run sim -- --seed ${seed}`).toBeNull();
    }
    console.log(`${seed - FIRST} seeds from ${FIRST} held`);
    expect(seed).toBeGreaterThan(FIRST);
  }, SECONDS * 1_000 + 300_000);
});
