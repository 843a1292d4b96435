import { liveMonths } from "../support/metered-life";
import { createBenchDatabase } from "./support/bench-database";
import type { Bench } from "./types";

/** Organizations that live beside each other in one database. */
const TOGETHER = 25;
const ROUNDS = 60;

/** Seeded months of random life, billed and compared with how they were: `--seeds N` of them (default 50), from `--from N` on. */
export const run: Bench = async ({ args }) => {
  const at = args.indexOf("--seeds");
  const wanted = at >= 0 ? Number(args[at + 1]) : 50;
  if (!Number.isInteger(wanted) || wanted < 1) throw new RangeError("--seeds needs a whole number of months to live, e.g. --seeds 1000.");
  const startedMs = performance.now();
  const findings: unknown[] = [];
  let lived = 0;
  const from = args.indexOf("--from");
  const begin = from >= 0 ? Number(args[from + 1]) : 1;
  for (let first = begin; first < begin + wanted; first += TOGETHER) {
    const database = await createBenchDatabase();
    try {
      const seeds = Array.from({ length: Math.min(TOGETHER, begin + wanted - first) }, (_, index) => first + index);
      findings.push(...(await liveMonths(database, seeds, ROUNDS)));
      lived += seeds.length;
    } finally {
      await database.close();
    }
    if (lived % 100 === 0) process.stderr.write(`${lived} months, ${findings.length} findings\n`);
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
