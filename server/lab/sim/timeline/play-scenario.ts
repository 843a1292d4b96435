import { notePlaced, stopInstance } from "@/server/compute";
import { addPlacementRule, applyPlacements, claimOf, takeSnapshot } from "@/server/fleet";
import { placementRuleInput } from "@/server/fleet/schema";
import { SimRoom, type SimWorker } from "../room";
import type { SimDatabaseServer } from "../server";
import { Operator } from "./operator";
import type { Change, Played, Scenario } from "./types";
import { writeEvents } from "./write-events";

/** Hosts are enrolled before the history begins; within so long at most. */
const PREPARATION_MS = 60_000;
/** Nothing of what is decided or seen has changed for so long: longer than the period of every loop that could change it. */
const QUIET_MS = 12_000;
const LOOK_EVERY_MS = 2_000;
/** Where decisions and what hosts say of instances stand; heartbeats are elsewhere. */
const TOLD = ["instance", "instance_observation", "allocation", "migration", "fencing", "decision", "cluster", "placement_rule", "volume"];
/** The loops of a history: all that act on hosts and instances. */
const LOOPS = ["observe-hosts", "fence-hosts", "watch-leases", "fail-over-instances", "return-hosts", "remove-strays", "enroll-hosts", "place-instances", "converge-instances", "evacuate-hosts", "follow-rules", "migrate-instances", "send-outbox"];
const LEASE_TTL_MS = 10_000;
/** The survivors need so long to agree who they are before the control plane runs again. */
const ELECTION_MS = 1_000;
/** A host that the control plane has not spoken to for so long is off; a third of what the slowest failover may take. */
const SELF_FENCE_MS = 20_000;
const SUSPECT_SECONDS = 3;
/** Longer than a restart of a host takes here, so that a restart is no death. */
const FENCE_SECONDS = 9;
const TIMINGS = { startMs: 400, hostBootMs: 4_000, unreachableMs: 1_000, selfFenceMs: SELF_FENCE_MS, guestBootMs: 500, guestShutdownMs: 500 };
const HOST = { cores: 256, memoryMiB: 1_048_576 };

/** Plays one history on simulated hosts under the real control plane, and says what really happened. */
export async function playScenario(scenario: Scenario, server: SimDatabaseServer, seed = 1): Promise<Played> {
  await server.reset();
  const room = new SimRoom({
    seed,
    server,
    world: { hosts: scenario.hosts.map((host) => ({ name: host.id, ...HOST })), timings: TIMINGS },
    policy: { cpuRatio: 4, memoryRatio: 1, failoverHosts: 0, suspectAfterSeconds: SUSPECT_SECONDS, fenceAfterSeconds: FENCE_SECONDS, fenceBrakeFraction: 0.5 },
    leaseTtlMs: LEASE_TTL_MS,
    statementMs: () => 0,
    bend: { loops: (loops) => loops.filter((loop) => LOOPS.includes(loop.name)) },
  });
  try {
    const play = new Play(scenario, room, server);
    await play.prepare();
    return await play.run();
  } finally {
    await room.leave();
  }
}

class Play {
  private readonly hostIds = new Map<string, string>();
  private readonly instanceIds = new Map<string, string>();
  private readonly powered = new Set<string>();
  private readonly connected = new Set<string>();
  private worker: SimWorker | null = null;
  private workers = 0;
  private beginMs = 0;
  private operator: Operator;
  /** What was asked while nobody was there to hear it. */
  private unheard: Change[] = [];

  constructor(
    private readonly scenario: Scenario,
    private readonly room: SimRoom,
    private readonly server: SimDatabaseServer,
  ) {
    this.operator = new Operator(room, this.hostIds, this.instanceIds);
  }

  /** Everything that stands before the history: enrolled hosts, instances in their homes, rules; then all hosts are switched off. */
  async prepare(): Promise<void> {
    const { room, scenario } = this;
    const { scheduler } = room;
    await scheduler.drive(room.furnish(scenario.hosts.map((host) => host.id)));
    const enroller = await room.startWorker("enroller");
    const patienceMs = scheduler.nowMs() + PREPARATION_MS;
    let hosts = await scheduler.drive(room.hosts());
    while (scheduler.nowMs() < patienceMs && hosts.some((host) => host.state !== "up")) {
      await scheduler.runUntil(scheduler.nowMs() + 500);
      hosts = await scheduler.drive(room.hosts());
    }
    for (const host of hosts) {
      if (host.state !== "up") throw new Error(`${host.name} could not be enrolled for the history: ${host.stateReason}`);
      this.hostIds.set(host.name, host.id);
    }
    await scheduler.drive(enroller.crew.stop());
    enroller.kill();
    for (const host of scenario.hosts) room.world.crash(host.id);
    await scheduler.drive(this.furnishInstances());
    this.beginMs = scheduler.nowMs();
  }

  private async furnishInstances(): Promise<void> {
    const { room, scenario } = this;
    for (const instance of scenario.instances) {
      const instanceId = await room.order(instance.id.replace(/[^a-z0-9-]/g, "-"));
      this.instanceIds.set(instance.id, instanceId);
      if (instance.wanted === "off") await stopInstance(room.tenant, { instanceId, force: true });
      await room.scheduler.sleep(2);
    }
    const context = room.context(room.portal, "worker", { scope: "worker" });
    const snapshot = await takeSnapshot(context, room.clusterId);
    const placements = scenario.instances.flatMap((instance) => {
      const id = this.instanceIds.get(instance.id) ?? "";
      const desired = snapshot.instances.get(id);
      const hostId = this.hostIds.get(instance.host);
      if (!desired || !hostId) return [];
      return [{ instanceId: id, organizationId: desired.organizationId, hostId, claim: claimOf(desired), decision: { inputs: {}, chosen: { hostId }, rejected: [], reason: "the history says that it is at home here" } }];
    });
    await applyPlacements(context, room.clusterId, snapshot.cluster.generation, placements, async (tx, placed) => {
      await notePlaced(tx, context, placed);
    });
    for (const rule of scenario.rules) {
      const instanceIds = rule.instances.flatMap((id) => this.instanceIds.get(id) ?? []);
      const hosts = rule.kind === "hosts" ? rule.hosts.flatMap(({ id, priority }) => (this.hostIds.has(id) ? [{ hostId: this.hostIds.get(id), priority }] : [])) : [];
      await addPlacementRule(room.provider, placementRuleInput.parse({ clusterId: room.clusterId, kind: rule.kind, instanceIds, hosts, strict: rule.kind === "hosts" ? rule.strict : true }));
    }
  }

  async run(): Promise<Played> {
    const { room, scenario } = this;
    const changes = [...scenario.timeline].sort((a, b) => a.t - b.t);
    for (const [index, change] of changes.entries()) {
      if (change.t > scenario.until) break;
      const dueMs = this.beginMs + change.t * 1_000;
      await this.passUntil(dueMs);
      await this.apply(change);
      // What happens at one moment happens together.
      if (changes[index + 1]?.t !== change.t) await this.elect();
    }
    await this.passUntil(this.beginMs + scenario.until * 1_000);
    const fenced = await this.server.rows<{ name: string; at: Date }>("select h.name, f.confirmed_at as at from fencing f join host h on h.id = f.host_id where f.confirmed_at is not null order by f.confirmed_at");
    const names = new Map([...this.instanceIds].map(([name, id]) => [id, name]));
    return { id: scenario.id, events: writeEvents({ runs: room.world.runs(), power: room.world.power(), fenced: fenced.map(({ name, at }) => ({ host: name, atMs: at.getTime() })), names, beginMs: this.beginMs }) };
  }

  /** Runs until then; a stretch in which nothing is under way and nothing can happen by itself is skipped. */
  private async passUntil(untilMs: number): Promise<void> {
    const { scheduler, world } = this.room;
    let told = "";
    let sinceMs = scheduler.nowMs();
    while (scheduler.nowMs() < untilMs) {
      const now = `${this.server.postgres.fingerprint(TOLD)}/${world.runs().length}/${world.power().length}/${await this.restless()}`;
      if (now !== told) {
        told = now;
        sinceMs = scheduler.nowMs();
      }
      const quietMs = this.worker ? QUIET_MS : SELF_FENCE_MS + QUIET_MS;
      const leftMs = untilMs - scheduler.nowMs() - LOOK_EVERY_MS;
      if (scheduler.nowMs() - sinceMs >= quietMs && leftMs > 0 && !now.endsWith("/true")) {
        scheduler.skip(leftMs);
        world.skip(leftMs);
      }
      await scheduler.runUntil(Math.min(untilMs, scheduler.nowMs() + LOOK_EVERY_MS));
    }
  }

  /** Some host is between two states that last, or starts. */
  private async restless(): Promise<boolean> {
    if (this.room.world.status().hosts.some((host) => host.phase === "booting")) return true;
    if (!this.worker) return false;
    const rows = await this.server.rows("select 1 from host where state not in ('up', 'fenced', 'quarantined', 'retired') limit 1");
    return rows.length > 0;
  }

  private async apply(change: Change): Promise<void> {
    const { world } = this.room;
    switch (change.do) {
      case "power":
        if (change.to === "on") {
          this.powered.add(change.host);
          this.connected.add(change.host);
          world.heal(change.host);
          world.wake(change.host);
        } else {
          this.powered.delete(change.host);
          world.crash(change.host);
        }
        return;
      case "network":
        if (change.to === "on") {
          this.connected.add(change.host);
          world.heal(change.host);
        } else {
          this.connected.delete(change.host);
          world.partition(change.host, { storage: false });
        }
        return;
      case "reboot":
        world.reboot(change.host);
        return;
      case "maintenance":
      case "migrate":
      case "want":
        return this.ask(change);
    }
  }

  private async ask(change: Change): Promise<void> {
    if (!this.worker) {
      this.unheard.push(change);
      return;
    }
    const { scheduler } = this.room;
    if (change.do === "migrate") await scheduler.drive(this.operator.migrate(change.instance, change.host));
    else if (change.do === "want") await scheduler.drive(this.operator.want(change.instance, change.to));
    else if (change.do === "maintenance") await scheduler.drive(this.operator.maintenance(change.host, change.to));
  }

  /** The control plane lives where more than half of all hosts are; elsewhere, or without such a half, there is none. */
  private async elect(): Promise<void> {
    const { room, scenario } = this;
    const phases = new Map(room.world.status().hosts.map((host) => [host.name, host.phase]));
    // A host that cut its own power is not counted, whatever the history last said of it.
    for (const host of this.powered) if (phases.get(host) === "off") this.powered.delete(host);
    const together = [...this.powered].filter((host) => this.connected.has(host)).length;
    const quorate = together * 2 > scenario.hosts.length;
    if (!quorate && this.worker) {
      this.worker.kill();
      this.worker = null;
    } else if (quorate && !this.worker) {
      await room.scheduler.runUntil(room.scheduler.nowMs() + ELECTION_MS);
      this.worker = await room.startWorker(`worker-${++this.workers}`);
      const unheard = this.unheard;
      this.unheard = [];
      for (const change of unheard) await this.ask(change);
    }
  }
}
