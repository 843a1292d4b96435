import { afterEach, describe, expect, it } from "vitest";
import type { PowerDevice, PowerDriver } from "@/server/drivers/power/types";
import { vouchDead } from "@/server/fleet";
import { createCentre, until, untilHost, type Centre } from "./centre";

/** A controller whose calls of one kind are kept under way until they are let go; what was asked of it is counted. */
class HeldController {
  readonly asked = { status: 0, off: 0, on: 0 };
  private waiting: (() => void)[] = [];
  private held: "status" | "off" | null = null;
  private when = (): Promise<boolean> => Promise.resolve(true);

  /** Only calls that come while the condition holds are kept. */
  hold(call: "status" | "off", when: () => Promise<boolean>): void {
    this.held = call;
    this.when = when;
  }

  get underWay(): number {
    return this.waiting.length;
  }

  release(): void {
    this.held = null;
    for (const go of this.waiting.splice(0)) go();
  }

  wrap(driver: PowerDriver): PowerDriver {
    return { kind: driver.kind, connect: (config) => this.device(driver.connect(config)) };
  }

  private device(inner: PowerDevice): PowerDevice {
    const pass = async (call: "status" | "off" | "on"): Promise<void> => {
      this.asked[call] += 1;
      if (this.held === call && (await this.when())) await new Promise<void>((resolve) => this.waiting.push(resolve));
    };
    return Object.assign(Object.create(inner) as PowerDevice, {
      status: async (options?: { timeoutMs?: number }) => (await pass("status"), inner.status(options)),
      off: async (options?: { timeoutMs?: number }) => (await pass("off"), inner.off(options)),
      on: async (options?: { timeoutMs?: number }) => (await pass("on"), inner.on(options)),
    });
  }
}

describe("an order to cut the power that is overtaken", () => {
  let centre: Centre;
  afterEach(() => centre.close());

  /** h1 is cut off with its machines, and its controller is slow to answer. */
  async function begin(call: "status" | "off"): Promise<{ readonly controller: HeldController; readonly hostId: string; readonly ids: readonly string[] }> {
    const controller = new HeldController();
    centre = await createCentre({ hosts: ["h1", "h2"], policy: { suspectAfterSeconds: 0.5, fenceAfterSeconds: 1 } });
    await centre.startWorker({ wrapPower: (driver) => controller.wrap(driver) });
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up", 60_000);
    const ids = await Promise.all([0, 1].map((index) => centre.order(`vm-${index}`)));
    for (const id of ids) await centre.untilStatus(id, "running", 60_000);
    // Before anything is asked for it is only looked whether the host has lost its power.
    controller.hold(call, async () => (await centre.rows("select 1 from fencing")).length > 0);
    centre.world.partition("h1");
    await untilHost(centre, "h1", "fencing");
    await until("the controller is asked", 30_000, () => controller.underWay > 0);
    return { controller, hostId: (await centre.host("h1")).id, ids };
  }

  const elsewhere = (ids: readonly string[]) => until("all run on h2", 60_000, () => ids.every((id) => centre.runsOn(id).join() === "h2"), () => centre.rows("select name, state, state_reason from host"));

  it("is not given any more when the host became known dead meanwhile, and comes back", async () => {
    const { controller, hostId, ids } = await begin("status");
    // Somebody pulls the plug, and says so while the controller still thinks.
    centre.world.crash("h1");
    await vouchDead(centre.provider, hostId, "h1 is switched off");
    await elsewhere(ids);
    centre.world.heal("h1");
    centre.world.wake("h1");
    controller.release();
    await untilHost(centre, "h1", "up");
    expect(controller.asked.off).toBe(0);
    await centre.checkInvariants();
  }, 600_000);

  it("is taken back when it could not be stopped any more: the host comes back", async () => {
    const { controller, hostId, ids } = await begin("off");
    centre.world.crash("h1");
    await vouchDead(centre.provider, hostId, "h1 is switched off");
    await elsewhere(ids);
    centre.world.heal("h1");
    centre.world.wake("h1");
    await untilHost(centre, "h1", "up");
    controller.release();
    await until("its power was cut, and is back", 30_000, () => centre.world.power().some((one) => one.host === "h1" && one.to === "off" && one.how === "switched") && controller.asked.on > 0);
    await untilHost(centre, "h1", "up");
    await until("everything runs", 60_000, () => ids.every((id) => centre.runsOn(id).length === 1));
    await centre.checkInvariants();
  }, 600_000);
});
