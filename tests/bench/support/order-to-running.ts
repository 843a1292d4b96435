import { deleteAll } from "@/server/lab/demo/story/money-steps";
import { order } from "@/server/lab/demo/story/order-steps";
import { readInstance, until } from "@/server/lab/demo/story/stage";
import { withBareLab } from "./bare-lab";
import { withLab } from "./lab-session";

const ROUNDS = 8;

export interface OrderToRunning {
  /** From the order's request until the tenant sees `running`, milliseconds. */
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
    const first = stage.instanceId;
    await deleteAll(stage);
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      await order(stage);
      // `order` also reads the catalog and adds a key; the clock of interest begins with the order's own time of creation.
      const { createdAt } = await readInstance(stage, stage.instanceId);
      const lead = performance.now() - started - (Date.now() - createdAt.getTime());
      await until("it runs", 60_000, async () => (await readInstance(stage, stage.instanceId)).status === "running", 10);
      times.push(performance.now() - started - lead);
      await deleteAll(stage);
    }
    stage.instanceId = first;
    return times;
  }, { deleteAtEnd: false });
  return { orderMs, rawMs };
}
