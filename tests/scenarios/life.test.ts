import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deleteInstance, purgeInstance, rebootInstance, rebuildInstance, resizeInstance, restoreInstance, startInstance, stopInstance } from "@/server/compute";
import { openCentre, until, type Centre } from "./centre";

let centre: Centre;
beforeAll(async () => {
  centre = await openCentre();
});
afterAll(() => centre.close());

describe("the life of a machine", () => {
  it("runs soon after it was ordered, with a receipt of why there", async () => {
    const id = await centre.order("first");
    await centre.untilStatus(id, "running");
    expect(centre.runsOn(id)).toHaveLength(1);
    const decisions = await centre.rows<{ kind: string; outcome: string; measured: { restartMs?: number } }>(`select kind, outcome, measured from decision where instance_id = '${id}'`);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({ kind: "place", outcome: "applied" });
    expect(decisions[0]!.measured.restartMs).toBeGreaterThanOrEqual(0);
    await centre.checkInvariants();
  });

  it("stops when asked, and starts again at the same place", async () => {
    const id = await centre.order("stops");
    await centre.untilStatus(id, "running");
    const before = centre.runsOn(id);
    await stopInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "stopped");
    expect(centre.runsOn(id)).toEqual([]);
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
    expect(centre.runsOn(id)).toEqual(before);
  });

  it("stays stopped when its guest shuts itself down, and starts again after a crash", async () => {
    const id = await centre.order("guest");
    await centre.untilStatus(id, "running");
    const [host] = centre.runsOn(id);
    centre.world.crashGuest(host!, id);
    await until("it runs again after its crash", 10_000, () => centre.world.runs().filter((run) => run.instanceId === id).length === 2 && centre.runsOn(id).length === 1);
    await centre.untilStatus(id, "running");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await centre.world.port.call("stopDomain", host!, { instanceId: id, mode: "shutdown" });
    await centre.untilStatus(id, "stopped");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(centre.runsOn(id)).toEqual([]);
    expect(await centre.rows(`select desired_power, power_decided_by from instance where id = '${id}'`)).toEqual([{ desired_power: "stopped", power_decided_by: "guest" }]);
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
  });

  it("grows while it runs, and waits for the next boot with what cannot change live", async () => {
    const id = await centre.order("grows");
    await centre.untilStatus(id, "running");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await resizeInstance(centre.tenant, { instanceId: id, flavorId: centre.flavors.large, diskGiB: 3 });
    await until("it has its new size", 10_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and vcpus = 2 and memory_mib = 2048 and disk_gib = 3 and applied_generation = 2`)).length === 1);
    expect(await centre.rows(`select vcpus, memory_mib from allocation where instance_id = '${id}'`)).toEqual([{ vcpus: 2, memory_mib: 2048 }]);
    await resizeInstance(centre.tenant, { instanceId: id, flavorId: centre.flavors.small });
    await until("it waits for its next boot", 10_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and pending_boot_reason is not null`)).length === 1);
    expect(await centre.rows(`select vcpus from allocation where instance_id = '${id}'`)).toEqual([{ vcpus: 2 }]);
    await rebootInstance(centre.tenant, { instanceId: id, mode: "guest" });
    await until("it has the smaller size", 10_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and vcpus = 1 and memory_mib = 512 and pending_boot_reason is null and state = 'running'`)).length === 1);
    await until("its place is smaller too", 5_000, async () => (await centre.rows(`select 1 from allocation where instance_id = '${id}' and vcpus = 1`)).length === 1);
    await centre.checkInvariants();
  });

  it("is rebuilt on a fresh disk, and its old disk is gone", async () => {
    const id = await centre.order("rebuilt");
    await centre.untilStatus(id, "running");
    await rebuildInstance(centre.tenant, { instanceId: id, imageId: centre.imageId });
    await until("it runs on its second root disk", 10_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and rebuild_generation = 2 and state = 'running'`)).length === 1);
    await until("its old disks are removed", 10_000, async () => (await centre.rows(`select 1 from volume where instance_id = '${id}' and state in ('wanted', 'unwanted')`)).length === 0);
    expect(centre.world.status().volumes.filter((volume) => volume.name.includes(id))).toHaveLength(2);
  });

  it("leaves nothing behind when it is deleted and purged, and comes back from the trash before", async () => {
    const id = await centre.order("deleted");
    await centre.untilStatus(id, "running");
    await deleteInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "deleted");
    await until("its place is free", 5_000, async () => (await centre.rows(`select 1 from allocation where instance_id = '${id}'`)).length === 0);
    await restoreInstance(centre.tenant, { instanceId: id });
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
    await deleteInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "deleted");
    await purgeInstance(centre.tenant, { instanceId: id });
    await until("it is purged", 15_000, async () => (await centre.rows(`select 1 from instance where id = '${id}' and purged_at is not null`)).length === 1);
    expect(centre.world.status().volumes.filter((volume) => volume.name.includes(id))).toEqual([]);
    expect(centre.world.status().hosts.flatMap((host) => host.domains).filter((domain) => domain.instanceId === id)).toEqual([]);
    expect(await centre.rows(`select 1 from address where instance_id = '${id}' and released_at is null`)).toEqual([]);
    expect(await centre.rows(`select 1 from quota_hold where subject_id = '${id}'`)).toEqual([]);
    await centre.checkInvariants();
  });
});
