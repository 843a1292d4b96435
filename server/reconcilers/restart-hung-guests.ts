import { countRecentEvents, getInstanceForConverge, recordInstanceEvents, recordObservation, type DesiredInstance } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import { readAutomations, readPlace, takeSnapshot, type Automation, type FleetSnapshot } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import { Gate } from "./gate";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

const PERIOD_MS = 15_000;
const PING_TIMEOUT_MS = 5_000;
/** Pings of one host at a time: an agent answers through the host's one monitor thread. */
const PINGS_PER_HOST = 4;
const HOUR_MS = 3_600_000;
const RESTARTED = "restarted-hung";

/**
 * Restarts guests that stand still: those whose watchdog was not fed (they are paused, and say so), and, where the cluster
 * asks for it, those whose agent spoke and fell silent. Within a limit: a guest that hangs again and again is its owner's to look at.
 */
export class HangWatcher implements LoopDefinition {
  readonly name = "restart-hung-guests";
  readonly periodMs = PERIOD_MS;
  /** When the agent of this run of an instance last answered, milliseconds; a run that never answered has none. */
  private readonly answeredMs = new Map<string, number>();
  private readonly gate = new Gate(PINGS_PER_HOST);

  async pass(pass: Pass): Promise<PassOutcome> {
    let backlog = 0;
    for (const automation of (await readAutomations(pass.context)).values()) {
      if (pass.signal.aborted) break;
      const snapshot = await takeSnapshot(pass.context, automation.clusterId);
      for (const instance of snapshot.instances.values()) backlog += this.look(pass, automation, snapshot, instance);
    }
    return { backlog };
  }

  private look(pass: Pass, automation: Automation, snapshot: FleetSnapshot, instance: DesiredInstance): number {
    const { observation } = instance;
    const allocation = snapshot.allocations.get(instance.id);
    const host = allocation ? snapshot.hosts.get(allocation.hostId) : undefined;
    const here = observation !== null && allocation !== undefined && observation.hostId === allocation.hostId && observation.epoch === allocation.epoch;
    if (!here || host?.state !== "up" || instance.desiredPower !== "running" || instance.deletedAt !== null || snapshot.migrations.some((move) => move.instanceId === instance.id)) return 0;
    if (observation.state === "paused" && observation.reason === "watchdog") {
      pass.background(instance.id, async () => void (await this.restart(pass, automation, instance, "its watchdog was not fed")));
      return 1;
    }
    if (automation.hungAfterSeconds === 0 || observation.state !== "running") return 0;
    const run = `${instance.id} ${allocation.epoch} ${observation.runningSince?.getTime() ?? 0}`;
    pass.background(instance.id, () => this.gate.run(host.id, () => this.ping(pass, automation, snapshot, instance, run)));
    return 0;
  }

  private async ping(pass: Pass, automation: Automation, snapshot: FleetSnapshot, instance: DesiredInstance, run: string): Promise<void> {
    const { context } = pass;
    const host = snapshot.hosts.get(snapshot.allocations.get(instance.id)?.hostId ?? "");
    if (!host || pass.signal.aborted) return;
    try {
      await pass.machines.host(host).agentCommand(instance.id, "guest-ping", {}, { timeoutMs: PING_TIMEOUT_MS });
      this.answeredMs.set(run, context.clock.nowMs());
      return;
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      // Only an agent that does not answer speaks of its guest; a host that does not answer says nothing of it.
      if (error.code !== "timeout" || host.silentSince !== null) return;
    }
    const answered = this.answeredMs.get(run);
    const silentMs = answered === undefined ? 0 : context.clock.nowMs() - answered;
    if (silentMs < automation.hungAfterSeconds * 1_000) return;
    if (await this.restart(pass, automation, instance, `its agent has been silent for ${Math.round(silentMs / 1_000)} s`)) this.answeredMs.delete(run);
  }

  /**
   * The power of a guest that stands still is cut; that it should run brings it back. What was seen of it is looked up again first: another
   * pass, or its owner, may have restarted it since. False where the host did not do it, and it is to be tried again.
   */
  private async restart(pass: Pass, automation: Automation, instance: DesiredInstance, why: string): Promise<boolean> {
    const { context } = pass;
    const place = await inTransaction(context, async (tx) => {
      const before = await countRecentEvents(tx, instance.id, RESTARTED, new Date(context.clock.nowMs() - HOUR_MS));
      return { before, now: await getInstanceForConverge(tx, context, instance.id), place: await readPlace(tx, instance.id, automation.clusterId) };
    }, { readOnly: true });
    const { host, migration, allocation } = place.place;
    const seen = place.now?.observation;
    const same = seen?.state === instance.observation?.state && seen?.epoch === instance.observation?.epoch && seen?.observedAt.getTime() === instance.observation?.observedAt.getTime();
    if (!host || host.state !== "up" || migration || !allocation || !same || place.now?.desiredPower !== "running" || place.now.deletedAt !== null) return true;
    if (place.before >= automation.hungRestartsPerHour) {
      context.logger.warn({ instanceId: instance.id, why, restarts: place.before }, "a guest hangs again; it is left to its owner");
      return true;
    }
    await inTransaction(context, (tx) => recordInstanceEvents(tx, context, [{ instanceId: instance.id, kind: RESTARTED, detail: { restarts: place.before + 1, limit: automation.hungRestartsPerHour } }]));
    try {
      await pass.machines.host(host).stopDomain(instance.id, "destroy");
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      context.logger.warn({ instanceId: instance.id, err: error }, "a guest that hangs could not be stopped; tried again");
      return false;
    }
    // Known at once, so that the next pass does not take the pause that is over for another one.
    await inTransaction(context, async (tx) => {
      const { allocation: stands } = await readPlace(tx, instance.id, automation.clusterId);
      if (stands?.hostId !== allocation.hostId || stands.epoch !== allocation.epoch) return;
      await recordObservation(tx, context, [{ instanceId: instance.id, hostId: host.id, state: "stopped", reason: "destroyed", epoch: allocation.epoch, vcpus: null, memoryMiB: null, observedAt: context.clock.now(), runningSince: null }]);
    });
    context.logger.warn({ instanceId: instance.id, why }, "a guest that hung is restarted");
    pass.wake("observe-hosts");
    pass.wake("converge-instances");
    return true;
  }
}
