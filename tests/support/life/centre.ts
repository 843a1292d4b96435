import { sql } from "drizzle-orm";
import { createFlavor, registerPublicImage } from "@/server/catalog";
import { createNetwork } from "@/server/compute";
import { createWorld, instantTimings, simulatedDriver, simulatedPower, VirtualClock, type World } from "@/server/drivers/hypervisor/simulated";
import { createCluster, requestEnrolment } from "@/server/fleet";
import { enrolHostInput } from "@/server/fleet/schema";
import type { Clock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { createLogger, silentLogger } from "@/server/platform/logger";
import { seededRandom, type Random } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { createQuota } from "@/server/quota";
import { logMail } from "@/server/drivers/mail/log";
import { allLoops, Machines, type LoopDefinition } from "@/server/reconcilers";
import { testContext, type TestDatabase } from "../database";
import { HypervisorTap, type Effect, type Fate, type Word } from "./hypervisor-tap";

const POOL = { name: "shared", path: "/srv/berth/shared" };
const PLENTY = { instances: 10_000, vcpus: 100_000, memoryMiB: 1_000_000_000, storageGiB: 1_000_000, publicAddresses: 10, snapshots: 10 };
export const HOSTS = ["h1", "h2", "h3", "h4", "h5", "h6"] as const;
/** Vcpus name the flavor: what a host says of a machine has no other name in it. */
export const FLAVORS = [{ name: "small", vcpus: 1, memoryMiB: 512 }, { name: "large", vcpus: 2, memoryMiB: 1_024 }, { name: "huge", vcpus: 4, memoryMiB: 4_096 }] as const;
/** What a pass of the control plane does, in the order in which one thing follows from another. */
const CYCLE = ["observe-hosts", "fence-hosts", "fail-over-instances", "return-hosts", "remove-strays", "evacuate-hosts", "place-instances", "migrate-instances", "converge-instances"] as const;
/** Passed through only while some host is not as it should be, or something moves: most of the time there is nothing for them. */
const OF_TROUBLE = new Set<string>(["fence-hosts", "fail-over-instances", "return-hosts", "remove-strays", "evacuate-hosts", "migrate-instances"]);

/** Real time that work is left before it is asked whether it moves at all. */
const PATIENCE_MS = 4;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The worker of the centre that lives now, and what it has begun. */
interface Worker {
  readonly tap: HypervisorTap;
  readonly machines: Machines;
  readonly loops: ReadonlyMap<string, LoopDefinition>;
  readonly underWay: Map<string, Promise<void>>;
  readonly stop: AbortController;
}

/** A simulated data centre under the real loops, which are passed through by hand: a month costs as many passes as things happen in it. */
export class LifeCentre {
  readonly words: Word[] = [];
  readonly effects: Effect[] = [];
  readonly hosts: readonly string[];
  readonly clock: VirtualClock;
  readonly world: World;
  readonly random: Random;
  readonly context: Context;
  readonly provider: Context;
  clusterId = "";
  imageId = "";
  readonly flavorIds = new Map<number, string>();
  worker: Worker;
  deaths = 0;
  /** What becomes of the next answer of a host, and of a changing call: fate decides for one cycle. */
  fates = new Map<string, Fate>();
  replyLost: (call: string) => boolean = () => false;
  /** How wrong the clocks of hosts are, milliseconds; they were right when they were let in. Nothing may depend on them. */
  readonly skewMs = new Map<string, number>();

  constructor(
    readonly database: TestDatabase,
    seed: number,
    startMs: number,
    size: { readonly hosts?: readonly string[]; readonly cores?: number; readonly memoryMiB?: number } = {},
  ) {
    this.hosts = size.hosts ?? HOSTS;
    this.clock = new VirtualClock(startMs);
    this.random = seededRandom(seed);
    this.world = createWorld({
      seed, clock: this.clock, pools: [{ ...POOL, capacityGiB: 100_000, shared: true }], images: [{ pool: POOL.name, name: "tiny.qcow2", format: "qcow2", capacityMiB: 64 }],
      hosts: this.hosts.map((name) => ({ name, cores: size.cores ?? 64, memoryMiB: size.memoryMiB ?? 262_144 })),
      timings: instantTimings,
    });
    const logger = process.env["LIFE_LOG"] ? createLogger({ process: "life", level: process.env["LIFE_LOG"] }) : silentLogger;
    const common = { clock: this.clock as Clock, random: this.random, logger };
    this.context = testContext(database.worker, common);
    this.provider = testContext(database.app, { ...common, scope: "provider", actor: { kind: "operator", id: "usr_operator" } });
    this.worker = this.hire();
  }

  /** Catalog and hosts, by the verbs of whoever would make them. */
  async furnish(): Promise<void> {
    const { provider } = this;
    const { clusterId } = await createCluster(provider, { name: "one", hypervisor: "simulated", cpuModel: "x86-64-v2", pool: POOL, policy: { cpuRatio: 16, memoryRatio: 1, failoverHosts: 0, suspectAfterSeconds: 1, fenceAfterSeconds: 2, fenceBrakeFraction: 0.6 } });
    this.clusterId = clusterId;
    await createNetwork(provider, { clusterId, name: "private", cidr: "10.20.0.0/16", gateway: "10.20.0.1", firstAddress: "10.20.0.10", lastAddress: "10.20.255.250", bridge: "br0" });
    for (const flavor of FLAVORS) this.flavorIds.set(flavor.vcpus, (await createFlavor(provider, { ...flavor, class: "standard", diskGiB: 2 })).id);
    this.imageId = (await registerPublicImage(provider, { name: "Tiny", bootKind: "disk", volume: "tiny.qcow2", format: "qcow2", virtualSizeMiB: 64, sizeBytes: 1_000, sha256: "0".repeat(64) })).id;
    for (const name of this.hosts) await requestEnrolment(provider, enrolHostInput.parse({ clusterId, name, uri: `simulated://${name}`, managementAddress: name, power: { kind: "simulated", hostName: name } }), { checkOnly: false });
    for (let tries = 0; tries < 10; tries++) {
      await this.pass("enroll-hosts");
      await this.clock.advance(25_000);
      await this.settle();
      const { rows } = await this.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from host where state = 'up'`);
      if (rows[0]?.n === this.hosts.length) return;
    }
    const { rows } = await this.database.owner.execute(sql`select name, state, state_reason, preflight from host limit 2`);
    throw new Error(`The hosts of the centre were not let in: ${JSON.stringify(rows)}`);
  }

  async addOrganization(id: string): Promise<Context & { readonly organizationId: string }> {
    const at = this.clock.now().toISOString();
    const slug = id.replace("_", "-");
    await this.database.owner.execute(sql`insert into organization (id, slug, name, currency, time_zone, created_at) values (${id}, ${slug}, ${slug}, 'JPY', 'UTC', ${at})`);
    await this.database.owner.execute(sql`insert into billing_profile (organization_id, legal_name, billing_email, updated_at) values (${id}, ${slug}, ${`${slug}@life.test`}, ${at})`);
    await inTransaction(this.context, (tx) => createQuota(tx, this.context, { organizationId: id, limits: PLENTY }));
    return { ...this.provider, db: this.database.app, scope: "tenant", organizationId: id, actor: { kind: "user", id: "usr_tenant" } };
  }

  /** Everything that the control plane does in a moment, each loop once. */
  async cycle(): Promise<void> {
    const { worker } = this;
    // Answers of the look before, which come now.
    worker.tap.release();
    let troubled = false;
    for (const name of CYCLE) {
      if (OF_TROUBLE.has(name) && !troubled) continue;
      await this.pass(name);
      if (worker.tap.dead) return this.replaceWorker();
      if (name === "observe-hosts") {
        const { rows } = await this.database.owner.execute<{ troubled: boolean }>(sql`select exists(select 1 from host where state <> 'up' or silent_since is not null or drain_requested_at is not null) or exists(select 1 from migration where state in ('planned', 'running')) as troubled`);
        troubled = rows[0]?.troubled ?? false;
      }
    }
  }

  async hostId(name: string): Promise<string> {
    const { rows } = await this.database.owner.execute<{ id: string }>(sql`select id from host where name = ${name}`);
    return rows[0]?.id ?? "";
  }

  /**
   * A worker that lost its lease without knowing asks every host and is held up; the next worker asks and writes; then the first one writes
   * what it heard, which is old by now.
   */
  async outlive(): Promise<void> {
    const old = this.worker;
    const { fates } = this;
    this.fates = new Map(this.hosts.map((host) => [host, "late"]));
    await this.pass("observe-hosts");
    this.fates = fates;
    if (old.tap.dead) return this.replaceWorker();
    this.worker = this.hire();
    await this.clock.advance(1_000);
    await this.pass("observe-hosts");
    const young = this.worker;
    this.worker = old;
    old.tap.release();
    await this.settle();
    await this.pass("observe-hosts");
    old.tap.dead = true;
    old.stop.abort(new Error("the worker lost its lease"));
    this.worker = young;
    this.deaths += 1;
  }

  /** One pass of a loop and what it began, as far as that goes without time. True: the worker died in it. */
  async pass(name: string): Promise<boolean> {
    const { worker } = this;
    const { loops, machines, stop, underWay, tap } = worker;
    const loop = loops.get(name);
    if (!loop) throw new Error(`There is no loop ${name}.`);
    tap.observing = name === "observe-hosts";
    const running = loop.pass({
      context: { ...this.context, actor: { kind: "system", id: name } }, machines, seedImage: ({ files }) => Buffer.from(JSON.stringify(files)), signal: stop.signal,
      background: (key, work) => {
        const whole = `${name} ${key}`;
        if (underWay.has(whole)) return false;
        underWay.set(whole, work().catch((error: unknown) => this.context.logger.warn({ err: error, task: whole }, "a piece of work failed")).finally(() => underWay.delete(whole)));
        return true;
      },
      busy: (key) => underWay.has(`${name} ${key}`), wake: () => undefined,
    });
    let ended = false;
    const end = running.then(() => undefined, (error: unknown) => this.context.logger.error({ err: error, loop: name }, "a pass failed")).finally(() => (ended = true));
    // An answer that is held back is not waited for longer than the loop itself waits.
    while (!ended && !tap.dead) {
      await Promise.race([end, pause(PATIENCE_MS)]);
      if (!ended && !tap.dead && (await this.quiet()) && !ended) await this.clock.advance(600);
    }
    if (!tap.dead) await end;
    await this.settle();
    return tap.dead;
  }

  /** Waits until nothing moves any more without time: work that is left sleeps, or waits for a host. */
  async settle(): Promise<void> {
    const { underWay } = this.worker;
    while (underWay.size > 0) {
      const before = underWay.size;
      await Promise.race([...underWay.values(), pause(PATIENCE_MS)]);
      if (underWay.size === before && (await this.quiet())) return;
    }
  }

  /** True when no statement has been under way for some turns, more than a stream of a few bytes takes. */
  private async quiet(): Promise<boolean> {
    const { worker: { pool }, app } = this.database;
    for (let turn = 0; turn < 12; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (pool.idleCount < pool.totalCount || pool.waitingCount > 0 || app.pool.idleCount < app.pool.totalCount) {
        return false;
      }
    }
    return true;
  }

  /** The worker is gone as a killed process is; another one begins without any memory. */
  replaceWorker(): void {
    this.worker.tap.dead = true;
    this.worker.stop.abort(new Error("the worker is gone"));
    this.deaths += 1;
    this.worker = this.hire();
  }

  private hire(): Worker {
    const tap = new HypervisorTap(this.clock, this.words, this.effects, (host) => this.fates.get(host) ?? "heard", (call) => this.replyLost(call), (host) => this.skewMs.get(host) ?? 0);
    const machines = new Machines({ hypervisors: [tap.wrap(simulatedDriver(this.world))], powers: [simulatedPower(this.world)] });
    const loops = new Map(allLoops({ imageUploadDirectory: "/nonexistent", mail: logMail(silentLogger) }).map((loop) => [loop.name, loop]));
    return { tap, machines, loops, underWay: new Map(), stop: new AbortController() };
  }

  async close(): Promise<void> {
    this.worker.stop.abort(new Error("the month is over"));
    await this.worker.machines.close();
    this.world.close();
  }
}
