import { sql } from "drizzle-orm";
import { instantTimings, createWorld, simulatedDriver, simulatedPower, type World } from "@/server/drivers/hypervisor/simulated";
import { takeSnapshot } from "@/server/fleet";
import { evacuateHosts } from "@/server/planner";
import { leasedDatabase } from "@/server/platform/leased-database";
import { Background } from "@/server/reconcilers/background";
import { InstanceConverger } from "@/server/reconcilers/converge-instances";
import { HostObserver } from "@/server/reconcilers/observe-hosts";
import { placeInstancesLoop } from "@/server/reconcilers/place-instances";
import { Machines, type LoopDefinition, type Pass } from "@/server/reconcilers";
import { acquireLease, type Lease } from "@/server/platform/lease";
import { testContext, type TestDatabase } from "../support/database";
import { createBenchDatabase } from "./support/bench-database";
import { percentile, type Bench, type BenchRow } from "./types";

const GOAL_MS = 1_500;
const GOAL_MIB = 400;
const ROUNDS = 7;
/** Orders that wait for a place in the rounds with orders. */
const ORDERS = 20;

/**
 * One observe, plan and converge pass over a whole fleet at rest, then with new orders: the same loops, statements
 * and snapshots as in a worker. The simulated hosts live in the same process, so memory is said with and without them.
 * Options: --hosts N --instances N.
 */
export const run: Bench = async ({ args }) => {
  const option = (name: string, otherwise: number): number => Number(args[args.indexOf(`--${name}`) + 1] && args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : otherwise);
  const hostCount = option("hosts", 1_000);
  const instanceCount = option("instances", 10_000);
  const database = await createBenchDatabase();
  try {
    const world = createWorld({ seed: 3, hosts: Array.from({ length: hostCount }, (_, index) => ({ name: `h${index}`, cores: 64, memoryMiB: 262_144 })), pools: [{ name: "shared", path: "/pool", capacityGiB: 1_000_000, shared: true }], images: [{ pool: "shared", name: "tiny.qcow2", format: "qcow2", capacityMiB: 64 }], timings: instantTimings });
    const before = rssMiB();
    await fillDatabase(database, hostCount, instanceCount);
    await fillWorld(world, hostCount, instanceCount);
    const worldMiB = rssMiB() - before;
    const stage = await createStage(database, world);
    const observer = new HostObserver();
    const converger = new InstanceConverger();
    const times: Record<"observe" | "plan" | "converge" | "total", number[]> = { observe: [], plan: [], converge: [], total: [] };
    // The first round writes what a fresh control plane has never seen; it is not a pass over a fleet at rest.
    for (let round = 0; round <= ROUNDS; round++) {
      const observe = await timed(() => stage.pass(observer));
      const plan = await timed(() => stage.pass(placeInstancesLoop));
      const converge = await timed(() => stage.pass(converger));
      if (round > 0) {
        times.observe.push(observe);
        times.plan.push(plan);
        times.converge.push(converge);
        times.total.push(observe + plan + converge);
      }
      console.error(`  round ${round}: observe ${Math.round(observe)} ms, plan ${Math.round(plan)} ms, converge ${Math.round(converge)} ms`);
      // A second has to go by, or the hosts are not due again.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    await addOrders(database, 1);
    const placeMs = await timed(() => stage.pass(placeInstancesLoop));
    const startMs = await timed(() => stage.pass(converger));
    const snapshotMs = await timed(() => takeSnapshot(stage.context, "cls_bench"));
    const snapshot = await takeSnapshot(stage.context, "cls_bench");
    const evacuateMs = await timed(() => Promise.resolve(evacuateHosts(snapshot.planner, [hostId(0)])));
    const running = await stage.running();
    const peakMiB = process.resourceUsage().maxRSS / 1_024;
    observer.close();
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
      { label: "largest resident memory, simulated hosts included", value: peakMiB, unit: "MiB", goal: `<= ${GOAL_MIB} MiB`, held: peakMiB <= GOAL_MIB },
      { label: "of which the simulated hosts, about", value: worldMiB, unit: "MiB" },
    ];
    return { name: "loops", rows, raw: { times, placeMs, startMs, snapshotMs, evacuateMs, peakMiB, worldMiB } };
  } finally {
    await database.close();
  }
};

const pad = (index: number): string => String(index).padStart(26, "0");
const hostId = (index: number): string => `hst_${pad(index)}`;
const instanceId = (index: number): string => `ins_${pad(index)}`;
const rssMiB = (): number => process.memoryUsage().rss / 1_048_576;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** A fleet that has been at rest for a while: everything placed, running, applied. */
async function fillDatabase(database: TestDatabase, hostCount: number, instanceCount: number): Promise<void> {
  const db = database.owner;
  await db.execute(sql`insert into organization (id, slug, name, created_at) values ('org_bench', 'bench', 'Bench', now())`);
  await db.execute(sql`insert into quota select 'org_bench', 1000000, 1000000, 1000000000, 1000000, 10, 10, 1000000, 1000000, 1000000000, 1000000, 10, 10, ${instanceCount}::bigint, ${instanceCount}::bigint, ${instanceCount}::bigint * 1024, ${instanceCount}::bigint, 0, 0, 0, 0, 0, 0, 0, 0, now()`);
  await db.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, failover_hosts, created_at) values ('cls_bench', 'bench', 'simulated', 'x86-64-v2', 1, now())`);
  await db.execute(sql`insert into storage_pool (id, cluster_id, name, path, capacity_mib, available_mib, observed_at) values ('stp_bench', 'cls_bench', 'shared', '/pool', 1024000000, 1000000000, now())`);
  await db.execute(sql`insert into network (id, cluster_id, name, cidr, first_address, last_address, bridge, created_at) values ('net_bench', 'cls_bench', 'shared', '10.0.0.0/8', '10.0.0.10', '10.255.255.250', 'br0', now())`);
  await db.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at) values ('flv_bench', 'bench', 'standard', 1, 1024, 1, 250, 1024, now())`);
  await db.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, status, created_at, created_by) values ('img_bench', 'Tiny', 'disk', 'tiny.qcow2', 'qcow2', 64, 1000, 'x', 'available', now(), 'bench')`);
  await db.execute(sql`
    insert into host (id, cluster_id, name, uri, management_address, host_uuid, usable_cpu_models, cores, memory_mib, state, state_changed_at, last_seen_at, enrolled_at, committed_vcpus, committed_memory_mib, reserved_cpu_millicores, reserved_memory_mib)
    select 'hst_' || lpad(n::text, 26, '0'), 'cls_bench', 'h' || n, 'simulated://h' || n, 'h' || n, 'u' || n, '["x86-64-v2"]', 64, 262144, 'up', now(), now(), now(), c.k, c.k * 1024, c.k * 250, c.k * 1024
    from generate_series(0, ${hostCount - 1}::int) n, lateral (select count(*)::int as k from generate_series(0, ${instanceCount - 1}::int) i where i % ${hostCount}::int = n) c`);
  await db.execute(sql`
    insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at, quota_instances, quota_vcpus, quota_memory_mib, quota_storage_gib)
    select 'ins_' || lpad(n::text, 26, '0'), 'org_bench', 'cls_bench', 'vm-' || n, 'flv_bench', 'img_bench', gen_random_uuid(), 1, 1024, 1, 'running', 'bench', now(), now(), 1, 1, 1024, 1 from generate_series(0, ${instanceCount - 1}::int) n`);
  await db.execute(sql`insert into instance_epoch select id, 1 from instance`);
  await db.execute(sql`
    insert into allocation (instance_id, cluster_id, host_id, epoch, vcpus, memory_mib, cpu_reservation_millicores, memory_reservation_mib, decision_id, decided_at)
    select 'ins_' || lpad(n::text, 26, '0'), 'cls_bench', 'hst_' || lpad((n % ${hostCount}::int)::text, 26, '0'), 1, 1, 1024, 250, 1024, 'dec_bench', now() from generate_series(0, ${instanceCount - 1}::int) n`);
  await db.execute(sql`
    insert into instance_observation (instance_id, organization_id, host_id, state, reason, epoch, vcpus, memory_mib, disk_gib, boot_generation, applied_generation, rebuild_generation, running_since, observed_at)
    select a.instance_id, 'org_bench', a.host_id, 'running', 'started', 1, 1, 1024, 1, 1, 1, 1, now(), now() from allocation a`);
  await db.execute(sql`
    insert into volume (id, organization_id, instance_id, pool_id, name, kind, format, size_gib, backing_volume, backing_format, state, observed_size_mib, present_since, created_at)
    select 'vol_' || right(i.id, 26), 'org_bench', i.id, 'stp_bench', i.id || '.qcow2', 'root', 'qcow2', 1, 'tiny.qcow2', 'qcow2', 'present', 1024, now(), now() from instance i`);
  await db.execute(sql`
    insert into address (id, organization_id, network_id, instance_id, ip, mac, created_at)
    select 'adr_' || right(i.id, 26), 'org_bench', 'net_bench', i.id, '10.' || (row_number() over () / 65536) || '.' || (row_number() over () / 256 % 256) || '.' || (row_number() over () % 256), lpad(to_hex(row_number() over ()), 12, '0'), now() from instance i`);
  await db.execute(sql`analyze`);
}

async function fillWorld(world: World, hostCount: number, instanceCount: number): Promise<void> {
  const driver = simulatedDriver(world);
  const hosts = Array.from({ length: hostCount }, (_, index) => driver.connect({ hostId: hostId(index), uri: `simulated://h${index}`, managementAddress: `h${index}` }));
  for (let index = 0; index < instanceCount; index++) {
    const host = hosts[index % hostCount];
    if (!host) continue;
    const id = instanceId(index);
    await host.ensureVolume({ pool: "shared", name: `${id}.qcow2`, format: "qcow2", capacityMiB: 1_024, backing: { volume: "tiny.qcow2", format: "qcow2" } });
    await host.startDomain({ instanceId: id, uuid: id, title: id, epoch: 1, vcpus: 1, maxVcpus: 4, memoryMiB: 1_024, maxMemoryMiB: 4_096, cpu: { model: "x86-64-v2", shares: 1_024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "shared", volume: `${id}.qcow2`, format: "qcow2", readOnly: false }], nics: [] });
  }
}

/** New orders, as a request leaves them behind. */
async function addOrders(database: TestDatabase, round: number): Promise<void> {
  const first = 1_000_000 + round * ORDERS;
  const last = first + ORDERS - 1;
  await database.owner.execute(sql`
    insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
    select 'ins_' || lpad(n::text, 26, '0'), 'org_bench', 'cls_bench', 'vm-' || n, 'flv_bench', 'img_bench', gen_random_uuid(), 1, 1024, 1, 'running', 'bench', now(), now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`
    insert into volume (id, organization_id, instance_id, pool_id, name, kind, format, size_gib, backing_volume, backing_format, state, created_at)
    select 'vol_' || lpad(n::text, 26, '0'), 'org_bench', 'ins_' || lpad(n::text, 26, '0'), 'stp_bench', 'new-' || n || '.qcow2', 'root', 'qcow2', 1, 'tiny.qcow2', 'qcow2', 'wanted', now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`
    insert into quota_hold (id, organization_id, subject_id, purpose, amounts, created_at)
    select 'hld_' || lpad(n::text, 26, '0'), 'org_bench', 'ins_' || lpad(n::text, 26, '0'), 'order', '{"instances": 1, "vcpus": 1, "memoryMiB": 1024, "storageGiB": 1}', now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`update quota set held_instances = held_instances + ${ORDERS}, held_vcpus = held_vcpus + ${ORDERS}, held_memory_mib = held_memory_mib + ${ORDERS * 1_024}, held_storage_gib = held_storage_gib + ${ORDERS}`);
}

/** What a worker gives its loops, without the periods: each pass is asked for and waited for to the last piece of work. */
async function createStage(database: TestDatabase, world: World) {
  const base = testContext(database.worker);
  const machines = new Machines({ hypervisors: [simulatedDriver(world)], powers: [simulatedPower(world)] });
  const leases = new Map<string, Lease>();
  const aborted = new AbortController();
  return {
    context: base,
    async pass(definition: LoopDefinition): Promise<void> {
      const lease = leases.get(definition.name) ?? (await acquireLease(database.worker, definition.name, "bench", 3_600_000));
      if (!lease) throw new Error(`The lease on ${definition.name} is held by somebody else.`);
      leases.set(definition.name, lease);
      const failures: unknown[] = [];
      const background = new Background(base.logger, (failed) => void (failed && failures.push(failed)));
      const pass: Pass = {
        context: { ...base, db: leasedDatabase(database.worker, () => lease) },
        machines,
        seedImage: () => Buffer.from("seed"),
        signal: aborted.signal,
        background: (key, work) => background.start(key, work),
        busy: (key) => background.has(key),
        wake: () => undefined,
      };
      await definition.pass(pass);
      await background.settle();
      if (failures.length > 0) throw failures[0];
    },
    async running(): Promise<number> {
      const result = await database.owner.execute<{ count: string }>(sql`select count(*) as count from instance_observation where state = 'running'`);
      return Number(result.rows[0]?.count ?? 0);
    },
  };
}
