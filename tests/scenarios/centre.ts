import { sql } from "drizzle-orm";
import { createFlavor, registerPublicImage } from "@/server/catalog";
import { createInstance, createNetwork, getInstance } from "@/server/compute";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import { createWorld, instantTimings, simulatedDriver, simulatedPower, type World, type WorldOptions } from "@/server/drivers/hypervisor/simulated";
import type { PowerDriver } from "@/server/drivers/power/types";
import { updateSteps } from "@/server/drivers/update/run-step";
import { logMail } from "@/server/drivers/mail/log";
import { createCluster, listHosts, requestEnrolment, type HostSummary, type NewCluster } from "@/server/fleet";
import { enrolHostInput } from "@/server/fleet/schema";
import { createQuota } from "@/server/quota";
import type { Context } from "@/server/platform/context";
import { createLogger, silentLogger } from "@/server/platform/logger";
import { inTransaction } from "@/server/platform/transaction";
import { allLoops, Crew, Machines } from "@/server/reconcilers";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";

const POOL = { name: "shared", path: "/srv/berth/shared" };
const LIMITS = { instances: 10_000, vcpus: 100_000, memoryMiB: 1_000_000_000, storageGiB: 1_000_000, publicAddresses: 10, snapshots: 10 };

export interface CentreOptions {
  readonly hosts?: readonly string[];
  readonly cores?: number;
  readonly memoryMiB?: number;
  readonly world?: Partial<WorldOptions>;
  readonly policy?: NewCluster["policy"];
  /** How long a dead worker keeps others from its loops. */
  readonly leaseTtlMs?: number;
  /** Names of the loops that run; all of them when left out. */
  readonly loops?: readonly string[];
  /** Folder of programs that rolling updates may run. */
  readonly updateCommands?: string;
  /** Where uploaded images wait for the loop. */
  readonly imageUploadDirectory?: string;
  /** For a benchmark, which brings its own. */
  readonly database?: TestDatabase;
}

/** A simulated data centre under the real control plane, on a real Postgres. */
export interface Centre {
  readonly database: TestDatabase;
  readonly world: World;
  readonly clusterId: string;
  readonly tenant: Context & { readonly organizationId: string };
  readonly provider: Context;
  readonly flavors: { readonly small: string; readonly large: string; readonly big: string };
  readonly imageId: string;
  /** Starts a worker; `wrap` stands between its loops and the hosts. */
  startWorker(options?: { readonly wrap?: (driver: HypervisorDriver) => HypervisorDriver; readonly wrapPower?: (driver: PowerDriver) => PowerDriver; readonly name?: string }): Promise<Crew>;
  /** Workers that a test gave up: they are stopped at the end. */
  order(name: string, flavor?: "small" | "large" | "big", more?: { readonly antiAffinityGroup?: string }): Promise<string>;
  status(instanceId: string): Promise<string>;
  untilStatus(instanceId: string, wanted: string, timeoutMs?: number): Promise<void>;
  host(name: string): Promise<HostSummary>;
  /** Name of the host that an instance executes on, by ground truth. */
  runsOn(instanceId: string): readonly string[];
  rows<T extends Record<string, unknown>>(query: string): Promise<T[]>;
  /** What must hold at any quiet moment; throws the first that does not. */
  checkInvariants(): Promise<void>;
  close(): Promise<void>;
}

let organizations = 0;

export async function createCentre(options: CentreOptions = {}): Promise<Centre> {
  const database = options.database ?? (await createTestDatabase());
  const names = options.hosts ?? ["h1", "h2", "h3"];
  const world = createWorld({
    seed: 7,
    hosts: names.map((name) => ({ name, cores: options.cores ?? 8, memoryMiB: options.memoryMiB ?? 16_384 })),
    pools: [{ ...POOL, capacityGiB: 10_000, shared: true }],
    images: [{ pool: POOL.name, name: "tiny.qcow2", format: "qcow2", capacityMiB: 64 }],
    ...options.world,
    timings: { ...instantTimings, unreachableMs: 150, powerOffMs: 20, guestShutdownMs: 30, guestBootMs: 30, ...options.world?.timings },
  });
  const logger = process.env["SCENARIO_LOG"] ? createLogger({ process: "scenario", level: process.env["SCENARIO_LOG"] }) : silentLogger;
  const provider = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_operator" } });
  const { clusterId } = await createCluster(provider, {
    name: "one",
    hypervisor: "simulated",
    cpuModel: "x86-64-v2",
    pool: POOL,
    policy: { cpuRatio: 4, memoryRatio: 1, failoverHosts: 0, suspectAfterSeconds: 1, fenceAfterSeconds: 2, fenceBrakeFraction: 0.5, ...options.policy },
  });
  await createNetwork(provider, { clusterId, name: "private", cidr: "10.20.0.0/16", gateway: "10.20.0.1", firstAddress: "10.20.0.10", lastAddress: "10.20.255.250", bridge: "br0" });
  const flavor = async (name: string, vcpus: number, memoryMiB: number): Promise<string> => (await createFlavor(provider, { name, class: "standard", vcpus, memoryMiB, diskGiB: 1 })).id;
  const flavors = { small: await flavor("small", 1, 512), large: await flavor("large", 2, 2_048), big: await flavor("big", 2, 12_288) };
  const image = await registerPublicImage(provider, { name: "Tiny", bootKind: "disk", volume: "tiny.qcow2", format: "qcow2", virtualSizeMiB: 64, sizeBytes: 1_000, sha256: "0".repeat(64) });
  const organizationId = `org_scenario${++organizations}`;
  await database.owner.execute(sql`insert into organization (id, slug, name, created_at) values (${organizationId}, ${`scenario${organizations}`}, 'Scenario', now())`);
  const worker = testContext(database.worker, { logger });
  await inTransaction(worker, (tx) => createQuota(tx, worker, { organizationId, limits: LIMITS }));
  const tenant = { ...testContext(database.app, { scope: "tenant", organizationId, actor: { kind: "user", id: "usr_tenant" } }), organizationId };
  for (const name of names) {
    await requestEnrolment(provider, enrolHostInput.parse({ clusterId, name, uri: `simulated://${name}`, managementAddress: name, power: { kind: "simulated", hostName: name } }), { checkOnly: false });
  }
  const loops = () => {
    const all = allLoops({ imageUploadDirectory: options.imageUploadDirectory ?? "/nonexistent", mail: logMail(silentLogger) });
    const unknown = options.loops?.filter((name) => !all.some((loop) => loop.name === name)) ?? [];
    if (unknown.length > 0) throw new Error(`There are no loops ${unknown.join(", ")}.`);
    return options.loops ? all.filter((loop) => options.loops?.includes(loop.name)) : all;
  };
  const crews: Crew[] = [];
  const machines: Machines[] = [];

  const centre: Centre = {
    database,
    world,
    clusterId,
    tenant,
    provider,
    flavors,
    imageId: image.id,
    async startWorker({ wrap, wrapPower, name } = {}) {
      const driver = simulatedDriver(world);
      const connections = new Machines({ hypervisors: [wrap ? wrap(driver) : driver], powers: [wrapPower ? wrapPower(simulatedPower(world)) : simulatedPower(world)], updateSteps: updateSteps({ commandsDirectory: options.updateCommands ?? null }) });
      const crew = new Crew({
        context: testContext(database.worker, { logger }),
        machines: connections,
        loops: loops(),
        seedImage: ({ files }) => Buffer.from(JSON.stringify(files)),
        holder: `${name ?? "worker"}-${crews.length}`,
        databaseUrl: database.url.worker,
        ...(options.leaseTtlMs === undefined ? {} : { leaseTtlMs: options.leaseTtlMs }),
      });
      crews.push(crew);
      machines.push(connections);
      await crew.start();
      return crew;
    },
    async order(name, size = "small", more = {}) {
      return (await createInstance(tenant, { name, flavorId: flavors[size], imageId: image.id, ...more })).id;
    },
    status: async (instanceId) => (await getInstance(tenant, { instanceId })).status,
    async untilStatus(instanceId, wanted, timeoutMs = 15_000) {
      await until(`${instanceId} is ${wanted}`, timeoutMs, async () => (await centre.status(instanceId)) === wanted, () => centre.status(instanceId));
    },
    async host(name) {
      const row = (await listHosts(provider, { clusterId })).items.find((item) => item.name === name);
      if (!row) throw new Error(`no host ${name}`);
      return row;
    },
    runsOn: (instanceId) => world.runs().filter((run) => run.instanceId === instanceId && run.endMs === null).map((run) => run.host),
    rows: async <T extends Record<string, unknown>>(query: string) => (await database.owner.execute(sql.raw(query))).rows as T[],
    async checkInvariants() {
      const doubles = world.doubleRuns();
      if (doubles.length > 0) throw new Error(`double runs: ${JSON.stringify(doubles)}`);
      const counters = await centre.rows(`
        select h.name from host h where h.committed_vcpus <> (select coalesce(sum(a.vcpus), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.vcpus), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
          or h.committed_memory_mib <> (select coalesce(sum(a.memory_mib), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.memory_mib), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
          or h.reserved_cpu_millicores <> (select coalesce(sum(a.cpu_reservation_millicores), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.cpu_reservation_millicores), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
          or h.reserved_memory_mib <> (select coalesce(sum(a.memory_reservation_mib), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.memory_reservation_mib), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))`);
      if (counters.length > 0) throw new Error(`counters of hosts are not the sums of their allocations: ${JSON.stringify(counters)}`);
      const quotas = await centre.rows(`
        select q.organization_id from quota q where q.committed_vcpus <> (select coalesce(sum(quota_vcpus), 0) from instance i where i.organization_id = q.organization_id)
          or q.committed_storage_gib <> (select coalesce(sum(quota_storage_gib), 0) from instance i where i.organization_id = q.organization_id)
          or q.held_vcpus <> (select coalesce(sum((amounts->>'vcpus')::bigint), 0) from quota_hold h where h.organization_id = q.organization_id)`);
      if (quotas.length > 0) throw new Error("quota totals are not the sums of their instances");
      const addresses = await centre.rows(`
        select a.ip, a.instance_id from address a join network n on n.id = a.network_id join instance i on i.id = a.instance_id
        where a.released_at is null and (i.purged_at is not null or i.organization_id <> a.organization_id or n.removed_at is not null or n.organization_id <> a.organization_id or not a.ip::inet between n.first_address::inet and n.last_address::inet)`);
      if (addresses.length > 0) throw new Error(`addresses that nobody owns, or of a network that is not their owner's: ${JSON.stringify(addresses)}`);
    },
    async close() {
      await Promise.all(crews.map((crew) => crew.stop()));
      await Promise.all(machines.map((connections) => connections.close()));
      world.close();
      await database.close();
    },
  };
  return centre;
}

/** What is stuck is stuck for ever; what shares its machine with other files is only slow. Nothing waits less than this. */
const PATIENCE_MS = 150_000;
/** Between two looks. A look costs as much as a pass of a loop, and dozens of them a second would be most of the work. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;

/** Waits until something holds, and says what was so instead when it does not. */
export async function until(what: string, atLeastMs: number, holds: () => boolean | Promise<boolean>, instead?: () => unknown): Promise<void> {
  const timeoutMs = Math.max(PATIENCE_MS, atLeastMs);
  const endMs = Date.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.3)) {
    if (await holds()) return;
    if (Date.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}${instead ? `; instead: ${JSON.stringify(await instead())}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export function untilHost(centre: Centre, name: string, state: string, timeoutMs = 15_000): Promise<void> {
  return until(`${name} is ${state}`, timeoutMs, async () => (await centre.host(name)).state === state, async () => (await centre.host(name)).stateReason);
}

/** A worker runs and every host is up. */
export async function openCentre(options: CentreOptions = {}): Promise<Centre & { readonly crew: Crew }> {
  const centre = await createCentre(options);
  const crew = await centre.startWorker();
  for (const name of options.hosts ?? ["h1", "h2", "h3"]) await untilHost(centre, name, "up", 60_000);
  return { ...centre, crew };
}
