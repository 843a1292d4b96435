import { sql } from "drizzle-orm";
import { createWorld, type Caller, type Tenant, type World } from "../support/world";
import { labSupport } from "@/server/lab";
import { createBenchDatabase } from "./support/bench-database";
import { measureOrderToRunning } from "./support/order-to-running";
import { percentile, type Bench, type BenchResult, type BenchRow } from "./types";

const AT_ONCE = 100;
const ROUNDS = 5;
const GOAL_MS = 150;
const GOAL_ADDED_MS = 300;

/** Accepted orders, and on machines with real hosts also what the control plane adds to a start. */
export const run: Bench = async () => {
  const accepted = await acceptOrders();
  const support = await labSupport();
  if (!support.available) {
    const row: BenchRow = { label: "order to running", value: `skipped: ${support.reason}`, unit: "" };
    return { ...accepted, rows: [...accepted.rows, row] };
  }
  const { orderMs, rawMs } = await measureOrderToRunning();
  const added = percentile(orderMs, 0.95) - percentile(rawMs, 0.95);
  const rows: BenchRow[] = [
    { label: "order to running on real hosts, p95", value: percentile(orderMs, 0.95), unit: "ms" },
    { label: "raw define and start of the same domain, p95", value: percentile(rawMs, 0.95), unit: "ms" },
    { label: "added by the control plane, p95", value: added, unit: "ms", goal: `<= ${GOAL_ADDED_MS} ms`, held: added <= GOAL_ADDED_MS },
  ];
  return { name: "orders", rows: [...accepted.rows, ...rows], raw: { accepted: accepted.raw, orderMs, rawMs } };
};

/** 100 orders at once through the procedure, from two organizations with large quotas; durable Postgres, row-level security on. */
async function acceptOrders(): Promise<BenchResult> {
  const database = await createBenchDatabase();
  try {
    const world = await createWorld(database);
    await database.owner.execute(sql`update quota set limit_instances = 100000, limit_vcpus = 100000, limit_memory_mib = 100000000, limit_storage_gib = 10000000, limit_public_addresses = 100000,
      ceiling_instances = 100000, ceiling_vcpus = 100000, ceiling_memory_mib = 100000000, ceiling_storage_gib = 10000000, ceiling_public_addresses = 100000`);
    const callers = await Promise.all([world.acme, world.globex].map(async (tenant) => ({ tenant, caller: await world.caller(tenant.people.owner) })));
    const several = await acceptRounds(world, callers, "b");
    // All of them at one quota row and one audit trail.
    const single = await acceptRounds(world, callers.slice(0, 1), "s");
    const p95 = percentile(several.times, 0.95);
    return {
      name: "orders",
      rows: [
        { label: "accepted orders", value: several.perSecond, unit: "/s" },
        { label: `${AT_ONCE} at once, p50`, value: percentile(several.times, 0.5), unit: "ms" },
        { label: `${AT_ONCE} at once, p95`, value: p95, unit: "ms", goal: `<= ${GOAL_MS} ms`, held: p95 <= GOAL_MS },
        { label: `${AT_ONCE} at once of one organization, p95`, value: percentile(single.times, 0.95), unit: "ms" },
      ],
      raw: { times: several.times, single: single.times },
    };
  } finally {
    await database.close();
  }
}

type Callers = readonly { readonly tenant: Tenant; readonly caller: Caller }[];

async function acceptRounds(world: World, callers: Callers, prefix: string): Promise<{ readonly times: number[]; readonly perSecond: number }> {
  const times: number[] = [];
  let accepted = 0;
  let elapsedMs = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const started = performance.now();
    const answers = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, async (_, n) => {
        const who = callers[n % callers.length];
        if (!who) throw new Error("no caller");
        const from = performance.now();
        await who.caller.instances.create({ organization: who.tenant.slug, name: `${prefix}-${round}-${n}`, flavorId: world.flavorId, imageId: world.publicImageId, sshKeyIds: [] });
        // The first round opens connections and is not counted.
        if (round > 0) times.push(performance.now() - from);
      }),
    );
    const refused = answers.find((answer) => answer.status === "rejected");
    if (refused?.status === "rejected") throw refused.reason;
    if (round > 0) {
      accepted += answers.length;
      elapsedMs += performance.now() - started;
    }
  }
  return { times, perSecond: accepted / (elapsedMs / 1000) };
}
