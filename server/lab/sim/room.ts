import { createFlavor, registerPublicImage } from "@/server/catalog";
import { createInstance, createNetwork } from "@/server/compute";
import { createWorld, simulatedDriver, simulatedPower, type World, type WorldOptions } from "@/server/drivers/hypervisor/simulated";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import type { PowerDriver } from "@/server/drivers/power/types";
import { logMail } from "@/server/drivers/mail/log";
import { createCluster, listHosts, requestEnrolment, type HostSummary, type NewCluster } from "@/server/fleet";
import { enrolHostInput } from "@/server/fleet/schema";
import type { Context } from "@/server/platform/context";
import { createLogger, silentLogger, type Logger } from "@/server/platform/logger";
import { seededRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { createQuota } from "@/server/quota";
import { allLoops, Crew, Machines, type LoopDefinition } from "@/server/reconcilers";
import { simDatabase, type SimConnections, type StatementFault } from "./database";
import { SimProcess } from "./process";
import type { Role } from "./postgres";
import { Scheduler } from "./scheduler";
import type { SimDatabaseServer } from "./server";
import type { StatementFacts } from "./statements";

export const POOL = { name: "shared", path: "/srv/berth/shared" };
export const IMAGE_VOLUME = "tiny.qcow2";
/** A year begins at a round moment, so that traces read well. */
export const START_MS = Date.UTC(2026, 0, 1);
const PLENTY = 1_000_000_000;
/**
 * Loops of rooms that nobody enters here: there are no desktops, bills or mails, no sensors, no rolling updates, no drills, and no uploaded
 * images, whose files are real and answer when they like.
 */
const ELSEWHERE: ReadonlySet<string> = new Set(["import-images", "keep-desktops", "check-golden-images", "issue-invoices", "watch-budgets", "send-outbox", "advise-evacuations", "update-hosts", "play-rehearsals", "drill-hosts", "picture-desktops"]);

export interface RoomOptions {
  readonly seed: number;
  readonly server: SimDatabaseServer;
  readonly world: WorldOptions;
  readonly policy: NonNullable<NewCluster["policy"]>;
  readonly leaseTtlMs: number;
  /** Virtual milliseconds of one statement. */
  readonly statementMs: () => number;
  readonly statementFault?: (process: SimProcess, text: string) => StatementFault;
  /** Virtual milliseconds of one wake; null loses it. */
  readonly wakeMs?: () => number | null;
  readonly quota?: { readonly instances: number; readonly vcpus: number; readonly memoryMiB: number; readonly storageGiB: number };
  readonly onStatement?: (process: SimProcess, statement: StatementFacts, values: string) => void;
  readonly onAnswer?: (process: SimProcess, error: Error | null, rows: readonly unknown[]) => void;
  /** Stands around every commit of a worker's writing; for deaths between a decision and its being written. */
  readonly onCommit?: (act: () => Promise<void>) => Promise<void>;
  readonly onPass?: (worker: string, loop: string, ok: boolean, backlog: number) => void;
  /** Stands between the control plane and the world; for bugs that are planted from outside. */
  readonly bend?: Bend;
}

/** Ways to bend what the control plane is given, without a word in its code. */
export interface Bend {
  readonly hypervisor?: (driver: HypervisorDriver) => HypervisorDriver;
  readonly power?: (driver: PowerDriver) => PowerDriver;
  readonly context?: (context: Context) => Context;
  readonly statement?: (text: string) => string;
  readonly loops?: (loops: readonly LoopDefinition[]) => readonly LoopDefinition[];
}

/** One worker of the room. */
export interface SimWorker {
  readonly process: SimProcess;
  readonly crew: Crew;
  /** As a killed process ends: nothing more comes from it, its transactions are rolled back. */
  kill(): void;
}

/** A control plane on simulated hosts: the real verbs and loops, a real Postgres, and time that moves when the scheduler says so. */
export class SimRoom {
  readonly scheduler = new Scheduler(START_MS);
  readonly world: World;
  readonly portal: SimProcess;
  readonly provider: Context;
  readonly logger: Logger;
  clusterId = "";
  organizationId = "";
  tenant: Context & { readonly organizationId: string };
  flavorId = "";
  largerFlavorId = "";
  imageId = "";
  readonly workers: SimWorker[] = [];
  private readonly connections: SimConnections[] = [];
  private processes = 0;

  constructor(readonly options: RoomOptions) {
    this.logger = process.env["SIM_LOG"] ? createLogger({ process: "sim", level: process.env["SIM_LOG"] }) : silentLogger;
    this.world = createWorld({ ...options.world, clock: this.scheduler, seed: options.seed, pools: [{ ...POOL, capacityGiB: 100_000, shared: true }], images: [{ pool: POOL.name, name: IMAGE_VOLUME, format: "qcow2", capacityMiB: 64 }] });
    this.portal = new SimProcess("portal", this.scheduler);
    this.provider = this.context(this.portal, "app", { scope: "provider", actor: { kind: "operator", id: "usr_operator" } });
    this.tenant = { ...this.provider, organizationId: "" };
  }

  /** The catalog, a tenant and the hosts, by the verbs of whoever would make them. Hosts are enrolled when a worker has run. */
  async furnish(hosts: readonly string[], flavor: { readonly vcpus: number; readonly memoryMiB: number } = { vcpus: 1, memoryMiB: 512 }): Promise<void> {
    const { provider } = this;
    const { clusterId } = await createCluster(provider, { name: "one", hypervisor: "simulated", cpuModel: "x86-64-v2", pool: POOL, policy: this.options.policy });
    this.clusterId = clusterId;
    await createNetwork(provider, { clusterId, name: "private", cidr: "10.20.0.0/16", gateway: "10.20.0.1", firstAddress: "10.20.0.10", lastAddress: "10.20.255.250", bridge: "br0" });
    this.flavorId = (await createFlavor(provider, { name: "small", class: "standard", ...flavor, diskGiB: 1 })).id;
    this.largerFlavorId = (await createFlavor(provider, { name: "large", class: "standard", vcpus: flavor.vcpus * 2, memoryMiB: flavor.memoryMiB * 2, diskGiB: 2 })).id;
    this.imageId = (await registerPublicImage(provider, { name: "Tiny", bootKind: "disk", volume: IMAGE_VOLUME, format: "qcow2", virtualSizeMiB: 64, sizeBytes: 1_000, sha256: "0".repeat(64) })).id;
    this.organizationId = "org_simulated";
    await this.outside(() => this.options.server.rows("insert into organization (id, slug, name, created_at) values ($1, 'simulated', 'Simulated', $2)", [this.organizationId, this.scheduler.now()]));
    this.options.server.postgres.changed(["organization"]);
    const limits = { instances: PLENTY, vcpus: PLENTY, memoryMiB: PLENTY, storageGiB: PLENTY, ...this.options.quota, publicAddresses: 10, snapshots: 10 };
    const worker = this.context(this.portal, "worker", { scope: "worker", actor: { kind: "system", id: "sim" } });
    await inTransaction(worker, (tx) => createQuota(tx, worker, { organizationId: this.organizationId, limits }));
    this.tenant = { ...this.context(this.portal, "app", { scope: "tenant", organizationId: this.organizationId, actor: { kind: "user", id: "usr_tenant" } }), organizationId: this.organizationId };
    for (const name of hosts) {
      await requestEnrolment(provider, enrolHostInput.parse({ clusterId, name, uri: `simulated://${name}`, managementAddress: name, power: { kind: "simulated", hostName: name } }), { checkOnly: false });
      // Ids sort by time: hosts keep the order in which they are named.
      await this.scheduler.sleep(2);
    }
  }

  async order(name: string): Promise<string> {
    return (await createInstance(this.tenant, { name, flavorId: this.flavorId, imageId: this.imageId })).id;
  }

  async hosts(): Promise<readonly HostSummary[]> {
    return (await listHosts(this.provider, { clusterId: this.clusterId })).items;
  }

  /** A context of one process, as its role sees the database. */
  context(process: SimProcess, role: Role, overrides: Partial<Context>): Context {
    const { server, statementMs, statementFault, seed } = this.options;
    const db = simDatabase({
      process,
      postgres: server.postgres,
      role,
      latencyMs: statementMs,
      fault: (text) => statementFault?.(process, text) ?? "none",
      onWake: (loops) => this.wake(loops),
      onStatement: (statement, values) => this.options.onStatement?.(process, statement, values),
      onAnswer: (error, rows) => this.options.onAnswer?.(process, error, rows),
      ...(this.options.bend?.statement ? { bend: this.options.bend.statement } : {}),
      ...(role === "worker" && this.options.onCommit ? { onCommit: this.options.onCommit } : {}),
      keepAnswers: role === "worker",
    });
    this.connections.push(db.connections);
    return { db, clock: process.clock, random: seededRandom(seed * 1_000 + ++this.processes), logger: this.logger, requestId: "req_sim", actor: { kind: "system", id: "sim" }, scope: "worker", organizationId: null, ...overrides };
  }

  async startWorker(name: string, offsetMs = 0): Promise<SimWorker> {
    const { bend } = this.options;
    const process = new SimProcess(name, this.scheduler);
    process.clockOffsetMs = offsetMs;
    const plain = this.context(process, "worker", {});
    const context = bend?.context ? bend.context(plain) : plain;
    const hypervisor = process.hypervisor(simulatedDriver(this.world));
    const power = process.power(simulatedPower(this.world));
    const loops = allLoops({ imageUploadDirectory: "/nonexistent", mail: logMail(silentLogger) }).filter(({ name }) => !ELSEWHERE.has(name));
    const crew = new Crew({
      context,
      machines: new Machines({ hypervisors: [bend?.hypervisor ? bend.hypervisor(hypervisor) : hypervisor], powers: [bend?.power ? bend.power(power) : power] }),
      loops: bend?.loops ? bend.loops(loops) : loops,
      seedImage: ({ files }) => Buffer.from(JSON.stringify(files)),
      holder: name,
      databaseUrl: null,
      leaseTtlMs: this.options.leaseTtlMs,
      leaseClock: process.clock,
      onPass: ({ loop, ok, backlog }) => this.options.onPass?.(name, loop, ok, backlog),
    });
    const worker: SimWorker = { process, crew, kill: () => this.remove(worker) };
    this.workers.push(worker);
    await crew.start();
    return worker;
  }

  /** Waits inside of a step for something real that no process of the simulation does. */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.scheduler.schedule(0, () => work().then(resolve, reject));
    });
  }

  /** The database goes away and comes back: what was not committed is gone, and so is every connection. */
  restartDatabase(): void {
    for (const connections of this.connections) connections.drop();
  }

  private remove(worker: SimWorker): void {
    worker.process.kill();
    this.workers.splice(this.workers.indexOf(worker), 1);
  }

  /** Ends all that lives in the room, so that the next one can use the database. */
  async leave(): Promise<void> {
    for (const worker of Array.from(this.workers)) worker.kill();
    this.portal.kill();
    // Transactions that the dead left open are rolled back.
    await this.scheduler.runUntil(this.scheduler.nowMs());
    this.world.close();
  }

  private wake(loops: readonly string[]): void {
    for (const worker of this.workers) {
      for (const loop of loops) {
        const afterMs = this.options.wakeMs ? this.options.wakeMs() : 0;
        if (afterMs !== null) this.scheduler.schedule(afterMs, () => worker.process.deliver(() => worker.crew.wake(loop)));
      }
    }
  }
}
