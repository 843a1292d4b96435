import { startInstance, stopInstance } from "@/server/compute";
import { cancelDrain, drainHost, moveStopped, planMigration, returnToService, snapshotIn, type FleetSnapshot } from "@/server/fleet";
import { placeInstances } from "@/server/planner";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import type { SimRoom } from "../room";

/** What people ask of the control plane while a history is played, by the verbs that people have. */
export class Operator {
  /** Instances that left a host for its maintenance, to go back afterwards. */
  private readonly leftFor = new Map<string, readonly string[]>();

  constructor(
    private readonly room: SimRoom,
    private readonly hostIds: ReadonlyMap<string, string>,
    private readonly instanceIds: ReadonlyMap<string, string>,
  ) {}

  async want(instance: string, to: "on" | "off"): Promise<void> {
    const instanceId = this.instanceIds.get(instance);
    if (!instanceId) return;
    await this.asked(() => (to === "on" ? startInstance(this.room.tenant, { instanceId }) : stopInstance(this.room.tenant, { instanceId, force: true })));
  }

  async maintenance(host: string, to: "on" | "off"): Promise<void> {
    const hostId = this.hostIds.get(host);
    if (!hostId) return;
    const { provider } = this.room;
    if (to === "on") {
      const snapshot = await this.snapshot();
      this.leftFor.set(host, [...snapshot.allocations.values()].filter((row) => row.hostId === hostId).map((row) => row.instanceId));
      await this.asked(() => drainHost(provider, hostId));
      return;
    }
    await this.asked(() => cancelDrain(provider, hostId));
    await this.asked(() => returnToService(provider, hostId));
    for (const instanceId of this.leftFor.get(host) ?? []) await this.move(instanceId, hostId, "the maintenance of its host is over");
    this.leftFor.delete(host);
  }

  async migrate(instance: string, host: string): Promise<void> {
    const instanceId = this.instanceIds.get(instance);
    const hostId = this.hostIds.get(host);
    if (instanceId && hostId) await this.move(instanceId, hostId, "an operator asked for it");
  }

  /** One move to one host, if every rule allows it; a refusal is an answer too. */
  private async move(instanceId: string, toHostId: string, why: string): Promise<void> {
    const { provider } = this.room;
    await this.asked(() =>
      inTransaction(provider, async (tx) => {
        const snapshot = await snapshotIn(tx, provider, this.room.clusterId);
        const instance = snapshot.instances.get(instanceId);
        const allocation = snapshot.allocations.get(instanceId);
        if (!instance || !allocation || allocation.hostId === toHostId || !mayBeOn(snapshot, instanceId, toHostId)) return;
        const decision = { basedOn: { clusterGeneration: snapshot.cluster.generation }, inputs: { requestedBy: provider.actor.id }, chosen: { action: "migrate", fromHostId: allocation.hostId, hostId: toHostId }, rejected: [] };
        const reason = why;
        if (instance.observation?.state === "running") {
          await planMigration(tx, provider, { instanceId, organizationId: instance.organizationId, clusterId: snapshot.cluster.id, toHostId, wave: 0, reason, decision: { ...decision, predicted: {} } });
        } else if (instance.desiredPower === "stopped") {
          await moveStopped(tx, provider, { instanceId, organizationId: instance.organizationId, fromHostId: allocation.hostId, epoch: allocation.epoch, toHostId, decision: { inputs: decision.inputs, chosen: decision.chosen, rejected: [], reason } });
        }
      }),
    );
  }

  private snapshot(): Promise<FleetSnapshot> {
    const { provider } = this.room;
    return inTransaction(provider, (tx) => snapshotIn(tx, provider, this.room.clusterId), { isolation: "repeatable read", readOnly: true });
  }

  private async asked(ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      // People are told why not; the history goes on.
      if (!(error instanceof Problem)) throw error;
      this.room.logger.info({ err: error }, "an operator was refused");
    }
  }
}

/** The planner's word on one instance on one host: with every other host closed, is there a place? */
function mayBeOn(snapshot: FleetSnapshot, instanceId: string, hostId: string): boolean {
  const { planner } = snapshot;
  const instance = planner.instances.find((one) => one.id === instanceId);
  if (!instance) return false;
  const hosts = planner.hosts.map((host) => (host.id === hostId ? host : { ...host, cordoned: true }));
  const plan = placeInstances({ ...planner, hosts, policy: { ...planner.policy, failoverReserveHosts: 0 } }, [{ instance: { ...instance, hostId: null } }]);
  return plan.actions.some((action) => action.toHostId === hostId);
}
