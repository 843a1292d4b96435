import { afterEach, describe, expect, it } from "vitest";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import { rebootInstance, suspendInstance } from "@/server/compute";
import { updateAutomation } from "@/server/fleet";
import { automationInput } from "@/server/fleet/schema";
import { createCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

/** Guests in `hung` run and their agents say nothing. */
function mute(hung: ReadonlySet<string>): (driver: HypervisorDriver) => HypervisorDriver {
  return (driver) => ({
    ...driver,
    connect: (endpoint) => {
      const host = driver.connect(endpoint);
      return Object.assign(Object.create(host) as typeof host, {
        agentCommand: (instanceId: string, command: string, ...rest: [Readonly<Record<string, unknown>>?]) =>
          hung.has(instanceId) ? Promise.reject(new DriverError("timeout", `${instanceId} does not answer`)) : host.agentCommand(instanceId, command, ...rest),
      });
    },
  });
}

describe("a guest that stands still", () => {
  it("is restarted when its agent spoke and fell silent, so often and no more", async () => {
    const hung = new Set<string>();
    centre = await createCentre({ hosts: ["h1", "h2"] });
    const crew = await centre.startWorker({ wrap: mute(hung) });
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up");
    const [id, silent] = await Promise.all([centre.order("speaks"), centre.order("mute")]);
    hung.add(silent!);
    for (const one of [id!, silent!]) await centre.untilStatus(one, "running", 30_000);
    await updateAutomation(centre.provider, automationInput.parse({ clusterId: centre.clusterId, hungAfterSeconds: 1, hungRestartsPerHour: 1 }));
    const runs = (one: string) => centre.world.runs().filter((run) => run.instanceId === one).length;
    const wake = () => crew.wake("restart-hung-guests");
    // It must have spoken before its silence means anything.
    for (let turn = 0; turn < 4; turn++) {
      wake();
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    hung.add(id!);
    await until("it runs anew", 30_000, () => {
      wake();
      return runs(id!) === 2 && centre.runsOn(id!).length === 1;
    });
    expect(await centre.rows(`select 1 from instance_event where kind = 'restarted-hung' and instance_id = '${id}'`)).toHaveLength(1);
    hung.delete(id!);
    for (let turn = 0; turn < 4; turn++) {
      wake();
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    hung.add(id!);
    for (let turn = 0; turn < 8; turn++) {
      wake();
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(runs(id!)).toBe(2);
    // One that never spoke may have no agent at all.
    expect(runs(silent!)).toBe(1);
    await centre.checkInvariants();
  });

  it("is restarted when its watchdog bites, also while it should be put aside, so often and no more; then it is its owner's", async () => {
    centre = await createCentre({ hosts: ["h1", "h2"] });
    const crew = await centre.startWorker();
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up");
    // Silence of agents is not looked for: the device alone tells.
    await updateAutomation(centre.provider, automationInput.parse({ clusterId: centre.clusterId, hungAfterSeconds: 0, hungRestartsPerHour: 2 }));
    const id = await centre.order("hangs");
    await centre.untilStatus(id, "running", 30_000);
    const runs = () => centre.world.runs().filter((run) => run.instanceId === id).length;
    const restarts = () => centre.rows<{ detail: object }>(`select detail from instance_event where kind = 'restarted-hung' and instance_id = '${id}' order by id`);
    const bite = () => centre.world.pauseGuest(centre.runsOn(id)[0]!, id, "watchdog");
    const untilAnew = (count: number) => until(`it runs for the ${count}th time`, 30_000, async () => {
      crew.wake("restart-hung-guests");
      return runs() === count && centre.runsOn(id).length === 1 && (await centre.status(id)) === "running";
    });
    bite();
    await untilAnew(2);
    expect(await restarts()).toEqual([{ detail: { restarts: 1, limit: 2 } }]);
    // Nothing of a guest that hangs is worth keeping: the order to put it aside ends, and it is restarted.
    bite();
    await centre.untilStatus(id, "paused");
    await suspendInstance(centre.tenant, { instanceId: id });
    await untilAnew(3);
    expect(await centre.rows(`select detail from instance_event where kind = 'suspend-failed' and instance_id = '${id}'`)).toEqual([{ detail: { reason: "stands-still" } }]);
    bite();
    await centre.untilStatus(id, "paused");
    const passes = async () => Number((await centre.rows<{ n: string }>("select runs as n from loop_status where name = 'restart-hung-guests'"))[0]!.n);
    const before = await passes();
    await until("it was looked at again", 30_000, async () => {
      crew.wake("restart-hung-guests");
      return (await passes()) > before + 2;
    });
    expect(runs()).toBe(3);
    expect(await restarts()).toHaveLength(2);
    await rebootInstance(centre.tenant, { instanceId: id, mode: "reset" });
    await untilAnew(4);
    await centre.checkInvariants();
  });
});
