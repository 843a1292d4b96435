import { order } from "@/server/lab/demo/story/order-steps";
import { readInstance, type Stage } from "@/server/lab/demo/story/stage";
import { withBareLab } from "./bare-lab";
import { withLab } from "./lab-session";
import { LiveChanges } from "./live-changes";

/** Enough that the 95th percentile is not the slowest of all. */
const ROUNDS = 20;

export interface OrderToRunning {
  /** From the order's creation until the tenant has read `running`, told by the stream that screens listen to; milliseconds. */
  readonly orderMs: readonly number[];
  /** The driver's define and start of the same domain alone, milliseconds. */
  readonly rawMs: readonly number[];
}

/** What the control plane adds to a start on real hosts: orders through the front door beside the bare define and start. */
export async function measureOrderToRunning(): Promise<OrderToRunning> {
  const rawMs = await withBareLab(async ({ hosts, prepareDomain }) => {
    const times: number[] = [];
    const [host] = hosts;
    if (!host) throw new Error("The lab has no host.");
    for (let round = 0; round <= ROUNDS; round++) {
      const spec = await prepareDomain(`bench-${round}`);
      const started = performance.now();
      await host.startDomain({ ...spec, nics: spec.nics.map((nic) => ({ ...nic, ipAddress: "10.77.0.99" })) });
      // The first start warms the host and is not counted.
      if (round > 0) times.push(performance.now() - started);
      await host.stopDomain(spec.instanceId, "destroy");
      await host.removeDomain(spec.instanceId);
    }
    return times;
  });
  const orderMs = await withLab(async (stage) => {
    const times: number[] = [];
    const changes = await LiveChanges.open(stage);
    for (let round = 0; round <= ROUNDS; round++) {
      await endMachine(stage, changes);
      const started = performance.now();
      await order(stage);
      // `order` also reads the catalog and adds a key; the clock of interest begins with the order's own time of creation.
      const { createdAt } = await readInstance(stage, stage.instanceId);
      const lead = performance.now() - started - (Date.now() - createdAt.getTime());
      await changes.until("it runs", 60_000, async () => (await readInstance(stage, stage.instanceId)).status === "running");
      const tookMs = performance.now() - started - lead;
      // The first order finds processes that have done nothing yet and is not counted, as the first bare start is not.
      if (round > 0) times.push(tookMs);
    }
    await endMachine(stage, changes);
    await changes.close();
    return times;
  }, { deleteAtEnd: false });
  return { orderMs, rawMs };
}

/** Takes the stage's machine away for good, without waiting for a guest that still boots. */
async function endMachine(stage: Stage, changes: LiveChanges): Promise<void> {
  const { organization, instanceId } = stage;
  const { instances } = stage.tenant.api;
  await instances.stop.mutate({ organization, instanceId, force: true });
  await instances.delete.mutate({ organization, instanceId });
  await changes.until("it lies stopped in the trash", 60_000, async () => (await readInstance(stage, instanceId)).status === "deleted");
  await instances.purge.mutate({ organization, instanceId });
  await changes.until("everything of it is gone", 60_000, async () => {
    const { addresses, volumes } = await readInstance(stage, instanceId);
    return addresses.length === 0 && volumes.every((volume) => volume.state === "removed");
  });
}
