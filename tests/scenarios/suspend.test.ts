import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deleteInstance, purgeInstance, rebootInstance, resizeInstance, startInstance, stopInstance, suspendInstance } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import { cordonHost, getIncident, listClusters, listIncidents, uncordonHost } from "@/server/fleet";
import { createCentre, openCentre, until, untilHost, type Centre } from "./centre";

async function inGuest(centre: Centre, id: string, line: string): Promise<string> {
  const [host] = centre.runsOn(id);
  const ask = (command: string, args: Record<string, unknown>) => centre.world.port.call("agentCommand", host!, { instanceId: id, command, args });
  const { pid } = (await ask("guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
  const { "out-data": out } = (await ask("guest-exec-status", { pid })) as { "out-data"?: string };
  return Buffer.from(out ?? "", "base64").toString("utf8").trim();
}

async function running(centre: Centre, name: string): Promise<string> {
  const id = await centre.order(name);
  await centre.untilStatus(id, "running");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await inGuest(centre, id, "echo kept > /tmp/note");
  return id;
}

const memories = (centre: Centre, id: string) => centre.world.status().volumes.filter((volume) => volume.name.startsWith(`${id}-memory`));
const kinds = async (centre: Centre, id: string) => (await centre.rows<{ kind: string }>(`select kind from instance_event where instance_id = '${id}' order by at, id`)).map((row) => row.kind);
const unfinished = (centre: Centre, id: string) => centre.rows(`select name, state from volume where instance_id = '${id}' and state in ('wanted', 'unwanted')`);

describe("a machine that is put aside", () => {
  let centre: Centre;
  beforeAll(async () => {
    centre = await openCentre();
  });
  afterAll(() => centre.close());

  it("takes storage only, and goes on where it was, on any host", async () => {
    const id = await running(centre, "aside");
    const [before] = centre.runsOn(id);
    await suspendInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "suspended");
    await until("its place is free", 5_000, async () => (await centre.rows(`select 1 from allocation where instance_id = '${id}'`)).length === 0);
    expect(centre.runsOn(id)).toEqual([]);
    expect(memories(centre, id)).toHaveLength(1);
    await expect(resizeInstance(centre.tenant, { instanceId: id, flavorId: centre.flavors.large })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("suspended") as string });
    await until("its run is billed to its end", 5_000, async () => (await centre.rows(`select 1 from usage_window where instance_id = '${id}' and meter = 'instance' and closed_at is not null`)).length === 1);
    const hostId = (await centre.host(before!)).id;
    await cordonHost(centre.provider, hostId);
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
    expect(centre.runsOn(id)).not.toContain(before);
    expect(await inGuest(centre, id, "cat /tmp/note")).toBe("kept");
    await until("its memory file is gone", 5_000, async () => memories(centre, id).length === 0 && (await unfinished(centre, id)).length === 0);
    await uncordonHost(centre.provider, hostId);
    expect(await kinds(centre, id)).toEqual(expect.arrayContaining(["suspend-requested", "suspended", "resume-requested", "resumed"]));
    expect(centre.world.tornGuests()).toEqual([]);
    // No second of the time aside is billed as running.
    const windows = () => centre.rows<{ from: string; to: string }>(`
      select extract(epoch from started_at) * 1000 as from, extract(epoch from ended_at) * 1000 as to from usage_window where instance_id = '${id}' and meter = 'instance' order by started_at`);
    await until("its second run is billed, too", 5_000, async () => (await windows()).length === 2, windows);
    const [ran, goesOn] = centre.world.runs().filter((run) => run.instanceId === id);
    const [billed, next] = await windows();
    expect(Number(billed!.to)).toBeLessThanOrEqual(ran!.endMs! + 1);
    expect(Number(next!.from)).toBeGreaterThan(ran!.endMs!);
    expect(Number(next!.from)).toBeLessThanOrEqual(goesOn!.startMs + 1_000);
    await centre.checkInvariants();
  });

  it("loses its memory, and says so, when it is stopped instead; deleted, it leaves no file", async () => {
    const id = await running(centre, "dropped");
    await suspendInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "suspended");
    await stopInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "stopped");
    await until("its memory file is gone", 5_000, async () => memories(centre, id).length === 0 && (await unfinished(centre, id)).length === 0);
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
    await suspendInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "suspended");
    await deleteInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "deleted");
    await purgeInstance(centre.tenant, { instanceId: id });
    await until("it is purged", 15_000, async () => (await centre.rows(`select 1 from instance where id = '${id}' and purged_at is not null`)).length === 1);
    expect(centre.world.status().volumes.filter((volume) => volume.name.includes(id))).toEqual([]);
  });

  it("is told so, and can be restarted, when its host keeps it paused; who runs the host is warned for as long as it stands still", async () => {
    const id = await running(centre, "stands");
    const [host] = centre.runsOn(id);
    centre.world.pauseGuest(host!, id, "unknown");
    await centre.untilStatus(id, "paused");
    await suspendInstance(centre.tenant, { instanceId: id });
    expect(await kinds(centre, id)).not.toContain("suspend-failed");
    // A minute passes in which it does not go on.
    await centre.rows(`update instance_observation set observed_at = observed_at - interval '2 minutes' where instance_id = '${id}' returning 1`);
    await until("its order ended", 20_000, async () => (await kinds(centre, id)).includes("suspend-failed"));
    expect(await centre.rows(`select detail from instance_event where instance_id = '${id}' and kind = 'suspend-failed'`)).toEqual([{ detail: { reason: "stands-still" } }]);
    await centre.untilStatus(id, "paused");
    const warned = async () => (await listClusters(centre.provider)).items[0]!.warnings.some((warning) => typeof warning !== "string" && warning.words.some(({ code, params }) => code === "machines-stand-still" && params["names"] === "stands"));
    expect(await warned()).toBe(true);
    await until("no claim on a file is left", 5_000, async () => (await unfinished(centre, id)).length === 0);
    await rebootInstance(centre.tenant, { instanceId: id, mode: "reset" });
    await centre.untilStatus(id, "running");
    expect(await warned()).toBe(false);
    expect(centre.runsOn(id)).toHaveLength(1);
    await suspendInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "suspended");
    await centre.checkInvariants();
  });

  it("goes on when the storage has no room for its memory, its owner reads why, and who runs the storage is warned until there is room", async () => {
    const id = await running(centre, "no-room");
    await centre.world.port.call("fillPool", "", { pool: "shared", freeBytes: 10_000_000 });
    await suspendInstance(centre.tenant, { instanceId: id });
    await until("it runs on", 10_000, async () => (await kinds(centre, id)).includes("suspend-failed"));
    const alarms = async () => (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 10 })).items.filter((one) => one.kind === "storage-full");
    const warned = async () => (await listClusters(centre.provider)).items[0]!.warnings.some((warning) => typeof warning !== "string" && warning.words.some(({ code, params }) => code === "pool-takes-no-memory" && params["instance"] === "no-room"));
    expect(await alarms()).toMatchObject([{ closedAt: null, figures: { pool: "shared", instance: "no-room" } }]);
    expect(await warned()).toBe(true);
    // A second time tells nothing new, and opens no second alarm.
    const before = centre.runsOn(id);
    await suspendInstance(centre.tenant, { instanceId: id });
    await until("it was tried again", 10_000, async () => (await kinds(centre, id)).filter((kind) => kind === "suspend-failed").length === 2);
    expect(await alarms()).toHaveLength(1);
    expect((await getIncident(centre.provider, (await alarms())[0]!.id)).entries).toHaveLength(1);
    expect(centre.runsOn(id)).toEqual(before);
    await centre.world.port.call("fillPool", "", { pool: "shared", freeBytes: null });
    await centre.untilStatus(id, "running");
    expect(centre.runsOn(id)).toHaveLength(1);
    expect(await inGuest(centre, id, "cat /tmp/note")).toBe("kept");
    await until("no claim on a file is left", 5_000, async () => (await unfinished(centre, id)).length === 0);
    await suspendInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "suspended");
    await until("the alarm is over", 10_000, async () => !(await warned()) && (await alarms()).every((one) => one.closedAt !== null));
    expect(await alarms()).toHaveLength(1);
  });
});

/** The host does what it is asked, and the worker never hears of it. */
function losingReplies(call: "saveDomain" | "restoreDomain", then: (id: string) => void): (driver: HypervisorDriver) => HypervisorDriver {
  return (driver) => ({
    ...driver,
    connect(endpoint) {
      const host = driver.connect(endpoint);
      return {
        ...host,
        async saveDomain(request, options) {
          const result = await host.saveDomain(request, options);
          if (call === "saveDomain") lost(request.instanceId);
          return result;
        },
        async restoreDomain(spec, from, options) {
          await host.restoreDomain(spec, from, options);
          if (call === "restoreDomain") lost(spec.instanceId);
        },
      };
    },
  });
  function lost(id: string): never {
    then(id);
    throw new DriverError("timeout", "the reply was lost");
  }
}

describe("a worker that dies over a memory image", () => {
  it.each([
    ["after the host saved it", "saveDomain", false],
    ["after the guest went on", "restoreDomain", false],
    ["after the guest went on, and its host with it", "restoreDomain", true],
  ] as const)("%s: nothing runs twice, no memory meets disks that moved on", async (_name, call, hostDies) => {
    const centre = await createCentre({ leaseTtlMs: 500 });
    try {
      const first = await centre.startWorker();
      for (const name of ["h1", "h2", "h3"]) await untilHost(centre, name, "up");
      const id = await running(centre, "unlucky");
      if (call === "restoreDomain") {
        await suspendInstance(centre.tenant, { instanceId: id });
        await centre.untilStatus(id, "suspended");
      }
      await first.stop();
      let died = (): void => undefined;
      const death = new Promise<void>((resolve) => {
        died = resolve;
      });
      const second = await centre.startWorker({ wrap: losingReplies(call, () => {
        const [host] = centre.runsOn(id);
        if (hostDies && host) centre.world.crash(host);
        void second.abandon().then(died);
      }) });
      if (call === "saveDomain") await suspendInstance(centre.tenant, { instanceId: id });
      else await startInstance(centre.tenant, { instanceId: id });
      await death;
      await centre.startWorker();
      if (call === "saveDomain") {
        await centre.untilStatus(id, "suspended");
        await until("its place is free", 5_000, async () => (await centre.rows(`select 1 from allocation where instance_id = '${id}'`)).length === 0);
        await startInstance(centre.tenant, { instanceId: id });
      }
      await until("it runs, once", 20_000, async () => centre.runsOn(id).length === 1 && (await centre.status(id)) === "running");
      if (!hostDies) expect(await inGuest(centre, id, "cat /tmp/note")).toBe("kept");
      else expect(await kinds(centre, id)).toContain("memory-dropped");
      await until("its memory file is gone", 5_000, async () => memories(centre, id).length === 0 && (await unfinished(centre, id)).length === 0);
      expect(centre.world.tornGuests()).toEqual([]);
      await centre.checkInvariants();
    } finally {
      await centre.close();
    }
  });
});
