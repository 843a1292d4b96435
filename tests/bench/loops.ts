import { sql } from "drizzle-orm";
import { createBenchDatabase } from "./support/bench-database";
import { startChild } from "./support/child";
import { addOrders, fillDatabase } from "./support/fleet-rows";
import { percentile, type Bench, type BenchRow } from "./types";

const GOAL_MS = 1_500;
const GOAL_MIB = 400;
const ROUNDS = 7;
/** Orders that wait for a place in the rounds with orders. */
const ORDERS = 20;

/**
 * One observe, plan and converge pass over a whole fleet at rest, then with new orders: the same loops, statements
 * and snapshots as in a worker, in a process of their own. The simulated hosts are another process, asked over TCP as real ones are.
 * Options: --hosts N --instances N.
 */
export const run: Bench = async ({ args }) => {
  const option = (name: string, otherwise: number): number => Number(args[args.indexOf(`--${name}`) + 1] && args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : otherwise);
  const hostCount = option("hosts", 1_000);
  const instanceCount = option("instances", 10_000);
  const database = await createBenchDatabase();
  const ends: (() => void)[] = [];
  try {
    const fleet = await startChild("simulated-fleet.ts", [String(hostCount), String(instanceCount)]);
    ends.push(() => fleet.end());
    await fillDatabase(database, hostCount, instanceCount, fleet.first.address ?? "");
    const worker = await startChild("measured-worker.ts", [database.url.worker]);
    ends.push(() => worker.end());
    const bareMiB = await worker.ask("memory");
    const times: Record<"observe" | "plan" | "converge" | "total", number[]> = { observe: [], plan: [], converge: [], total: [] };
    // The first round writes what a fresh control plane has never seen; it is not a pass over a fleet at rest.
    for (let round = 0; round <= ROUNDS; round++) {
      const observe = await worker.ask("observe");
      const plan = await worker.ask("plan");
      const converge = await worker.ask("converge");
      if (round > 0) {
        times.observe.push(observe);
        times.plan.push(plan);
        times.converge.push(converge);
        times.total.push(observe + plan + converge);
      }
      console.error(`  round ${round}: observe ${Math.round(observe)} ms, plan ${Math.round(plan)} ms, converge ${Math.round(converge)} ms, ${Math.round(await worker.ask("memory"))} MiB`);
      // What autovacuum has done to a fleet that has been at rest for a minute.
      if (round === 0) await database.owner.execute(sql`vacuum analyze`);
      // A second has to go by, or the hosts are not due again.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    await addOrders(database, ORDERS);
    const placeMs = await worker.ask("plan");
    const startMs = await worker.ask("converge");
    const snapshotMs = await worker.ask("snapshot");
    const evacuateMs = await worker.ask("evacuate");
    const running = Number((await database.owner.execute<{ count: string }>(sql`select count(*) as count from instance_observation where state = 'running'`)).rows[0]?.count ?? 0);
    const peakMiB = await worker.ask("memory");
    const total = percentile(times.total, 0.5);
    const rows: BenchRow[] = [
      { label: "hosts", value: hostCount, unit: "" },
      { label: "instances (running at the end)", value: running, unit: "" },
      { label: "observe, median", value: percentile(times.observe, 0.5), unit: "ms" },
      { label: "plan (nothing waits), median", value: percentile(times.plan, 0.5), unit: "ms" },
      { label: "converge, median", value: percentile(times.converge, 0.5), unit: "ms" },
      { label: "one pass of all three, median", value: total, unit: "ms", goal: `<= ${GOAL_MS} ms`, held: total <= GOAL_MS },
      { label: "one pass of all three, slowest", value: Math.max(...times.total), unit: "ms" },
      { label: `places for ${ORDERS} new orders, decided and written`, value: placeMs, unit: "ms" },
      { label: `the same ${ORDERS} started`, value: startMs, unit: "ms" },
      { label: "snapshot of the cluster", value: snapshotMs, unit: "ms" },
      { label: "plan that empties one host", value: evacuateMs, unit: "ms" },
      { label: "largest resident memory of the worker", value: peakMiB, unit: "MiB", goal: `<= ${GOAL_MIB} MiB`, held: peakMiB <= GOAL_MIB },
      { label: "of which before its first pass", value: bareMiB, unit: "MiB" },
    ];
    return { name: "loops", rows, raw: { times, placeMs, startMs, snapshotMs, evacuateMs, peakMiB, bareMiB } };
  } finally {
    for (const end of ends.toReversed()) end();
    await database.close();
  }
};
