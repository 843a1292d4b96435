import { afterEach, describe, expect, it } from "vitest";
import { stopInstance } from "@/server/compute";
import { cancelDrain, decideAdvice, drainHost, enterMaintenance, listAdvice, listDecisions, listIncidents, previewDrain, retireHost, returnToService, vouchDead } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { createCentre, openCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

/** Orders machines until one runs on the given host, and answers all of them. */
async function fill(count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => centre.order(`vm-${index}`)));
  for (const id of ids) await centre.untilStatus(id, "running");
  return ids;
}

const on = (name: string, ids: readonly string[]) => ids.filter((id) => centre.runsOn(id).includes(name));

describe("a host that loses its power", () => {
  it("is fenced, and its machines run elsewhere with what it took written down", async () => {
    centre = await openCentre();
    const ids = await fill(6);
    const lost = on("h1", ids);
    expect(lost.length).toBeGreaterThan(0);
    const stopped = lost.length > 1 ? lost.pop()! : null;
    if (stopped) {
      await stopInstance(centre.tenant, { instanceId: stopped, force: true });
      await centre.untilStatus(stopped, "stopped");
    }
    centre.world.crash("h1");
    for (const id of lost) await until(`${id} runs elsewhere`, 15_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes("h1"), () => centre.status(id));
    for (const id of lost) await centre.untilStatus(id, "running");
    expect((await centre.host("h1")).state).toBe("fenced");
    const { items } = await listDecisions(centre.provider, { kind: "failover", limit: 50 });
    expect(new Set(items.map((item) => item.instanceId))).toEqual(new Set(lost));
    await until("restarts are measured", 5_000, async () => (await listDecisions(centre.provider, { kind: "failover", limit: 50 })).items.every((item) => typeof item.measured?.["restartMs"] === "number"));
    const [fence] = (await listDecisions(centre.provider, { kind: "fence", limit: 5 })).items;
    expect(fence).toMatchObject({ outcome: "applied" });
    expect(fence!.measured).toMatchObject({ method: "power", instancesRestarted: lost.length });
    if (stopped) expect(await centre.rows(`select 1 from allocation where instance_id = '${stopped}'`)).toEqual([]);
    const epochs = await centre.rows<{ epoch: string }>(`select epoch from allocation where instance_id = any('{${lost.join(",")}}')`);
    expect(epochs.every((row) => Number(row.epoch) === 2)).toBe(true);
    await centre.checkInvariants();

    // It comes back with its old definitions, which are removed before it takes anything.
    await centre.world.port.call("powerOn", "h1", {});
    await untilHost(centre, "h1", "up");
    expect(centre.world.status().hosts.find((host) => host.name === "h1")!.domains).toEqual([]);
    const fencings = await centre.rows(`select 1 from fencing where closed_at is null`);
    expect(fencings).toEqual([]);
    const again = await centre.order("after");
    await centre.untilStatus(again, "running");
    await centre.checkInvariants();
  });
});

describe("a host whose silence takes long to be sure of", () => {
  it("is suspected and fenced although each question to it ends after the pass that asked", async () => {
    centre = await openCentre({ world: { timings: { unreachableMs: 1_500 } }, policy: { suspectAfterSeconds: 2, fenceAfterSeconds: 4 } });
    const ids = await fill(3);
    const lost = on("h1", ids);
    centre.world.hang("h1");
    await untilHost(centre, "h1", "fenced", 30_000);
    for (const id of lost) await until(`${id} runs elsewhere`, 15_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes("h1"));
    await centre.checkInvariants();
  });
});

describe("a host that is cut off", () => {
  it("keeps its machines while nobody can confirm that it is dead, and gives them up on the operator's word", async () => {
    centre = await openCentre();
    const ids = await fill(6);
    const cut = on("h2", ids);
    expect(cut.length).toBeGreaterThan(0);
    centre.world.bmc("h2", { reachable: false });
    centre.world.partition("h2", { storage: true });
    await until("fencing is blocked", 40_000, async () => (await centre.rows(`select 1 from fencing where state = 'blocked'`)).length === 1, () => centre.host("h2"));
    await untilHost(centre, "h2", "unreachable");
    for (const id of cut) {
      expect(centre.runsOn(id)).toEqual(["h2"]);
      expect(await centre.status(id)).toBe("unreachable");
    }
    const host = await centre.host("h2");
    expect(host.stateReason).toMatch(/vouch/);
    await expect(vouchDead(centre.provider, host.id, "yes")).rejects.toThrow(/h2 is switched off/);
    // The operator looks, pulls the plug, and says so.
    centre.world.crash("h2");
    await vouchDead(centre.provider, host.id, "h2 is switched off, I pulled the plug");
    for (const id of cut) await until(`${id} runs elsewhere`, 15_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes("h2"));
    await centre.checkInvariants();
  });

  it("is fenced through its controller although it still runs, and never runs a machine twice", async () => {
    centre = await openCentre();
    const ids = await fill(6);
    const cut = on("h3", ids);
    centre.world.partition("h3", { storage: true });
    for (const id of cut) await until(`${id} runs elsewhere`, 15_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes("h3"), () => centre.host("h3"));
    // It was switched off; once its machines run elsewhere it may be on again already.
    expect(await centre.rows("select f.state from fencing f join host h on h.id = f.host_id where h.name = 'h3'")).toEqual([{ state: "confirmed" }]);
    expect(centre.world.runs().filter((run) => run.host === "h3").map((run) => run.endMs)).not.toContain(null);
    await centre.checkInvariants();
  });

  it("is simply up again when it answers before its death was confirmed", async () => {
    centre = await openCentre({ policy: { suspectAfterSeconds: 0.4, fenceAfterSeconds: 30 } });
    const ids = await fill(3);
    centre.world.partition("h1", { storage: true });
    await untilHost(centre, "h1", "suspect");
    centre.world.heal("h1");
    await untilHost(centre, "h1", "up");
    for (const id of ids) await centre.untilStatus(id, "running");
    expect(await centre.rows(`select 1 from fencing`)).toEqual([]);
    expect(centre.world.runs()).toHaveLength(3);
    await centre.checkInvariants();
  });

  it("is not fenced while too many others are silent too", async () => {
    // The brake can count only who was asked: every host is, within a second.
    centre = await openCentre({ policy: { suspectAfterSeconds: 1, fenceAfterSeconds: 3 } });
    const ids = await fill(3);
    for (const name of ["h1", "h2", "h3"]) centre.world.partition(name, { storage: true });
    await untilHost(centre, "h1", "unreachable");
    await untilHost(centre, "h2", "unreachable");
    expect(await centre.rows(`select 1 from fencing`)).toEqual([]);
    expect((await centre.host("h1")).stateReason).toMatch(/at once/);
    for (const name of ["h1", "h2", "h3"]) centre.world.heal(name);
    for (const name of ["h1", "h2", "h3"]) await untilHost(centre, name, "up");
    for (const id of ids) await centre.untilStatus(id, "running");
    expect(centre.world.runs()).toHaveLength(3);
    await centre.checkInvariants();
  });
});

describe("a host that an operator empties", () => {
  it("is drained by live migrations and by moving the places of what is off", async () => {
    centre = await openCentre();
    const ids = await fill(6);
    const here = on("h1", ids);
    expect(here.length).toBeGreaterThan(1);
    await stopInstance(centre.tenant, { instanceId: here[0]!, force: true });
    await centre.untilStatus(here[0]!, "stopped");
    const host = await centre.host("h1");
    const preview = await previewDrain(centre.provider, host.id);
    expect(preview.moves).toHaveLength(here.length);
    expect(preview.blockers).toEqual([]);
    await drainHost(centre.provider, host.id);
    await until("h1 is empty", 20_000, async () => (await centre.host("h1")).instances === 0, () => centre.rows("select state, error from migration"));
    for (const id of here.slice(1)) {
      expect(centre.runsOn(id)).toHaveLength(1);
      expect(centre.runsOn(id)).not.toContain("h1");
      await centre.untilStatus(id, "running");
    }
    await until("the plan is measured", 10_000, async () => (await listDecisions(centre.provider, { kind: "evacuate", limit: 5 })).items.some((item) => item.outcome === "applied" && item.measured?.["empty"] === true));
    const moves = (await listDecisions(centre.provider, { kind: "migrate", limit: 20 })).items;
    expect(moves.filter((item) => item.outcome === "applied" && typeof item.measured?.["totalMs"] === "number")).toHaveLength(here.length);
    await until("nothing is left on it", 10_000, () => centre.world.status().hosts.find((one) => one.name === "h1")!.domains.length === 0, () => centre.world.status().hosts);
    await enterMaintenance(centre.provider, host.id);
    await returnToService(centre.provider, host.id);
    const more = await centre.order("more");
    await centre.untilStatus(more, "running");
    await centre.checkInvariants();
  });

  it("names what cannot leave, and lets the rest go", async () => {
    centre = await openCentre({ hosts: ["h1", "h2"], memoryMiB: 16_384 });
    const big = [await centre.order("big-1", "big"), await centre.order("big-2", "big")];
    for (const id of big) await centre.untilStatus(id, "running");
    const host = await centre.host("h1");
    expect((await previewDrain(centre.provider, host.id)).blockers).toHaveLength(1);
    await drainHost(centre.provider, host.id);
    await until("the blocker is written down", 10_000, async () => ((await listDecisions(centre.provider, { kind: "evacuate", limit: 5 })).items[0]?.rejected.length ?? 0) === 1);
    expect((await centre.host("h1")).instances).toBe(1);
    await cancelDrain(centre.provider, host.id);
    await expect(retireHost(centre.provider, host.id)).rejects.toThrow(/Drain it first/);
    await centre.checkInvariants();
  });
});

describe("a host whose sensors announce a failure", () => {
  it("is advised to be emptied, with what they say, and is drained when the operator accepts", async () => {
    const created = await createCentre({ hosts: ["h1", "h2"] });
    centre = created;
    let failing: string | null = null;
    await created.startWorker({
      wrapPower: (driver) => ({
        ...driver,
        connect: (config) => ({ ...driver.connect(config), health: () => Promise.resolve(config.kind === "simulated" && config.hostName === failing ? [{ sensor: "Disk 0", text: "predicted failure", severe: true }] : []) }),
      }),
    });
    const id = await created.order("moves-away");
    await created.untilStatus(id, "running");
    const from = created.runsOn(id)[0]!;
    failing = from;
    const advice = async () => (await listAdvice(created.provider, created.clusterId)).find((one) => one.kind === "evacuate");
    await until("it is advised", 20_000, async () => {
      // Sensors are read every ten minutes.
      await inTransaction(created.provider, (tx) => wake(tx, "advise-evacuations"));
      return (await advice()) !== undefined;
    });
    const given = (await advice())!;
    expect(given).toMatchObject({ state: "open", hostId: (await created.host(from)).id, reasonWords: [{ code: "advice-failing", params: { host: from, findings: "Disk 0: predicted failure", machines: 1 } }] });
    const { items } = await listIncidents(created.provider, { clusterId: created.clusterId, limit: 5 });
    expect(items).toMatchObject([{ kind: "failing-host", hostName: from, closedAt: null }]);
    expect(created.runsOn(id)).toEqual([from]);
    await decideAdvice(created.provider, given.id, true);
    await until("it left", 20_000, () => created.runsOn(id).length === 1 && !created.runsOn(id).includes(from));
    expect((await advice())!.state).toBe("applied");
    await created.checkInvariants();
  });
});

describe("a fleet without room", () => {
  it("says why, waits, and runs the order by itself when a host comes back", async () => {
    centre = await openCentre({ hosts: ["h1", "h2"], memoryMiB: 16_384 });
    const first = await centre.order("first", "big");
    await centre.untilStatus(first, "running");
    const [home] = centre.runsOn(first);
    const other = home === "h1" ? "h2" : "h1";
    centre.world.crash(other);
    await untilHost(centre, other, "fenced");
    const second = await centre.order("second", "big");
    await centre.untilStatus(second, "waiting-for-capacity");
    const refusals = () => listDecisions(centre.provider, { kind: "refuse", instanceId: second, limit: 50 });
    const [refusal] = (await refusals()).items;
    expect(refusal!.rejected).toHaveLength(2);
    expect(refusal!.chosen["smallestChange"]).toMatchObject({ kind: "return-host" });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await refusals()).total).toBe(1);
    await centre.world.port.call("powerOn", other, {});
    await centre.untilStatus(second, "running", 20_000);
    expect(centre.runsOn(second)).toEqual([other]);
    await centre.checkInvariants();
  });
});
