import { appendFileSync, readFileSync } from "node:fs";
import { CORPUS, firstOf, liveBatch, ROUNDS, SEEDS_TOGETHER, type CorpusEntry } from "../support/life/live-batch";
import { openFastDatabases } from "./support/fast-databases";
import type { Bench } from "./types";

function numberAfter(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  const value = at >= 0 ? Number(args[at + 1]) : otherwise;
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} needs a whole number from 1 on, e.g. ${name} ${otherwise}.`);
  return value;
}

/** Kept until it is mended and for ever after: the test of months lives it again. */
function remember(entry: CorpusEntry): void {
  const line = JSON.stringify(entry);
  if (!readFileSync(CORPUS, "utf8").split("\n").includes(line)) appendFileSync(CORPUS, `${line}\n`);
}

/** Seeded months of random life on the simulated hypervisor under the real loops, billed, paid, and compared with how they were. */
export const run: Bench = async ({ args }) => {
  const wanted = numberAfter(args, "--seeds", SEEDS_TOGETHER);
  const from = numberAfter(args, "--from", 1);
  const startedMs = performance.now();
  const databases = await openFastDatabases();
  const findings: unknown[] = [];
  let lived = 0;
  try {
    // Whole batches: what happens to the hosts of a batch happens to all its lives.
    for (let batch = Math.ceil(from / SEEDS_TOGETHER); lived < wanted; batch++) {
      const database = await databases.create();
      const found = await liveBatch(database, batch);
      await database.close();
      findings.push(...found.findings);
      lived += SEEDS_TOGETHER;
      for (const { seed, what } of found.findings) process.stderr.write(`seed ${seed}: ${what}\n`);
      if (found.findings.length > 0) remember({ batch, many: SEEDS_TOGETHER, rounds: ROUNDS });
      if (found.findings.length > 0) process.stderr.write(`Again: npm run bench -- usage-life --from ${firstOf(batch)} --seeds ${SEEDS_TOGETHER}\n`);
      process.stderr.write(`${JSON.stringify(found.figures)}\n${lived} months, ${findings.length} findings, ${((performance.now() - startedMs) / 1000 / lived).toFixed(2)} s a month\n`);
    }
  } finally {
    await databases.close();
  }
  return {
    name: "usage-life",
    rows: [
      { label: "months of random life", value: lived, unit: "months" },
      { label: "that do not agree with how they were", value: findings.length, unit: "findings", goal: "0", held: findings.length === 0 },
      { label: "took", value: (performance.now() - startedMs) / 1000, unit: "s" },
    ],
    raw: findings,
  };
};
