import { sql } from "drizzle-orm";
import { createWorld } from "../support/world";
import { createBenchDatabase } from "./support/bench-database";
import { percentile, type Bench } from "./types";

const ROWS = 10_000;
const CALLS = 200;
const GOAL_MS = 150;

/** The instance list of an organization with 10,000 instances: every page, filter and sort, through the procedure with row-level security on. */
export const run: Bench = async () => {
  const database = await createBenchDatabase();
  try {
    const world = await createWorld(database);
    const { id: organizationId, slug, people } = world.acme;
    await database.owner.execute(sql`
      insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
      select 'ins_' || lpad(to_hex(n), 26, '0'), ${organizationId}, ${world.clusterId}, 'machine-' || n, ${world.flavorId}, ${world.publicImageId}, gen_random_uuid()::text, 1, 256, 4,
        case when n % 5 = 0 then 'stopped' else 'running' end, 'bench', now() - n * interval '1 minute', now()
      from generate_series(1, ${ROWS}) n`);
    await database.owner.execute(sql`
      insert into instance_observation (instance_id, organization_id, state, observed_at, boot_generation, applied_generation, running_since)
      select id, organization_id, case when desired_power = 'running' then 'running' else 'stopped' end, now(), 1, 1, now() from instance where name like 'machine-%'`);
    await database.owner.execute(sql`analyze`);
    const caller = await world.caller(people.viewer);
    const questions = [
      { sort: "createdAt" as const },
      { sort: "name" as const, direction: "asc" as const },
      { status: "stopped" as const },
      { search: "machine-77" },
      { sort: "status" as const },
    ];
    const times: number[] = [];
    let cursor: string | null = null;
    for (let call = 0; call < CALLS + 10; call++) {
      const question = questions[call % questions.length] ?? {};
      const started = performance.now();
      const page = await caller.instances.list({ organization: slug, limit: 50, ...question, ...(call % questions.length === 0 && cursor ? { cursor } : {}) });
      // The first calls warm the connections and the plans.
      if (call >= 10) times.push(performance.now() - started);
      if (call % questions.length === 0) cursor = page.nextCursor;
      if (page.items.length === 0) throw new Error("a page of the list is empty where it should not be");
    }
    const p95 = percentile(times, 0.95);
    return {
      name: "portal",
      rows: [
        { label: `instance list, ${ROWS} rows, p50`, value: percentile(times, 0.5), unit: "ms" },
        { label: `instance list, ${ROWS} rows, p95`, value: p95, unit: "ms", goal: `<= ${GOAL_MS} ms`, held: p95 <= GOAL_MS },
      ],
      raw: { times },
    };
  } finally {
    await database.close();
  }
};
