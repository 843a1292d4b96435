import { afterEach, describe, expect, it } from "vitest";
import { drainHost, getHost, requestEnrolment } from "@/server/fleet";
import { enrolHostInput } from "@/server/fleet/schema";
import { openCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

const SLOW_COPY = { migrationSetupMs: 1_500 };

/** One machine on a host that is being drained, with its migration under way. */
async function moving(): Promise<{ id: string; from: string; to: string }> {
  const id = await centre.order("moving");
  await centre.untilStatus(id, "running");
  const from = centre.runsOn(id)[0]!;
  await drainHost(centre.provider, (await centre.host(from)).id);
  await until("its migration runs", 10_000, async () => (await centre.rows(`select 1 from migration where state = 'running'`)).length === 1);
  const [row] = await centre.rows<{ name: string }>(`select h.name from migration m join host h on h.id = m.to_host_id where m.state = 'running'`);
  return { id, from, to: row!.name };
}

describe("a migration that is interrupted", () => {
  it("by the death of its source: the machine is restarted, once", async () => {
    centre = await openCentre({ world: { timings: SLOW_COPY } });
    const { id, from } = await moving();
    centre.world.crash(from);
    await until("it runs elsewhere", 20_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(from), () => centre.rows("select state, error from migration"));
    await centre.untilStatus(id, "running");
    expect(await centre.rows(`select 1 from migration where state in ('planned', 'running')`)).toEqual([]);
    await centre.checkInvariants();
  });

  it("by the death of its target: the machine goes on where it is, and leaves for another host", async () => {
    centre = await openCentre({ world: { timings: SLOW_COPY } });
    const { id, from, to } = await moving();
    centre.world.crash(to);
    await until("it left for a third host", 30_000, () => centre.runsOn(id).length === 1 && ![from, to].includes(centre.runsOn(id)[0]!), () => centre.rows("select state, error from migration"));
    await untilHost(centre, to, "fenced");
    // It was never restarted: each stretch of its life ended by moving.
    expect(await centre.rows(`select 1 from decision where kind = 'failover'`)).toEqual([]);
    await centre.checkInvariants();
  });

  it("by the loss of the link between its two hosts: it goes on where it is, the operator reads why, and it leaves for a third host", async () => {
    centre = await openCentre({ world: { timings: SLOW_COPY } });
    const { id, from, to } = await moving();
    centre.world.cutLink(from, to);
    await until("it left for a third host", 30_000, () => centre.runsOn(id).length === 1 && ![from, to].includes(centre.runsOn(id)[0]!), () => centre.rows("select state, error from migration"));
    await until("its place followed", 10_000, async () => (await centre.host(from)).instances === 0);
    const [failed, ...later] = await centre.rows<{ state: string; error: string | null }>("select state, error from migration order by id");
    expect(failed).toMatchObject({ state: "failed", error: expect.stringContaining("link") as string });
    expect(later).toEqual([{ state: "done", error: null }]);
    // Everybody reaches both hosts all the time: nobody is suspected, and the machine was never restarted.
    expect(await centre.rows(`select 1 from decision where kind in ('failover', 'fence')`)).toEqual([]);
    await centre.checkInvariants();
  });

  it("and by a link that was cut before: the same target is tried again where there is no other", async () => {
    centre = await openCentre({ hosts: ["h1", "h2"] });
    const id = await centre.order("cut-off");
    await centre.untilStatus(id, "running");
    const from = centre.runsOn(id)[0]!;
    centre.world.cutLink("h1", "h2");
    await drainHost(centre.provider, (await centre.host(from)).id);
    await until("its move failed", 10_000, async () => (await centre.rows(`select 1 from migration where state = 'failed' and error like '%link%'`)).length > 0);
    expect(centre.runsOn(id)).toEqual([from]);
    centre.world.mendLink("h2", "h1");
    await until("it left", 30_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(from));
    await centre.checkInvariants();
  });

  it("by the death of the worker that asked, whose question was lost: both hosts are asked, and it moves after all", async () => {
    const opened = await openCentre({ leaseTtlMs: 1_500 });
    centre = opened;
    const id = await centre.order("unheard");
    await centre.untilStatus(id, "running");
    const from = centre.runsOn(id)[0]!;
    centre.world.arm(from, "migrate", "lost-request");
    await drainHost(centre.provider, (await centre.host(from)).id);
    await until("it is asked to move", 10_000, async () => (await centre.rows(`select 1 from migration where state = 'running'`)).length === 1);
    await opened.crew.abandon();
    expect(centre.runsOn(id)).toEqual([from]);
    await centre.startWorker({ name: "heir" });
    await until("it left", 30_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(from), () => centre.rows("select state, error from migration"));
    await until("its place followed", 10_000, async () => (await centre.host(from)).instances === 0);
    expect(await centre.rows(`select state from migration order by id`)).toEqual([{ state: "failed" }, { state: "done" }]);
    await centre.checkInvariants();
  });
});

describe("a host that wants to join", () => {
  const enrol = async (name: string, change: Record<string, unknown> = {}) => {
    const input = enrolHostInput.parse({ clusterId: centre.clusterId, name, uri: `simulated://${name}`, managementAddress: name, power: { kind: "simulated", hostName: name }, ...change });
    return (await requestEnrolment(centre.provider, input, { checkOnly: false })).id;
  };
  const failures = async (hostId: string): Promise<string[]> => {
    // A controller that does not answer is waited for ten seconds.
    await until("it was looked at", 30_000, async () => (await getHost(centre.provider, hostId)).preflight !== null);
    return (await getHost(centre.provider, hostId)).preflight!.findings.filter((finding) => !finding.ok).map((finding) => finding.check);
  };

  it("is told by name what is wrong with it", async () => {
    centre = await openCentre({ hosts: ["h1"] });
    centre.world.addHost({ name: "old", usableCpuModels: ["qemu64"] });
    centre.world.addHost({ name: "dark" });
    centre.world.addHost({ name: "nobmc" });
    centre.world.addHost({ name: "blind" });
    centre.world.partition("dark", { storage: true });
    centre.world.bmc("nobmc", { reachable: false });
    expect(await failures(await enrol("old"))).toEqual(["cpu-model"]);
    expect(await failures(await enrol("dark"))).toContain("reachable");
    expect(await failures(await enrol("blind", { power: { kind: "wol", macAddress: "52:54:00:00:00:01", broadcastAddress: "10.0.0.255", probeAddress: "10.0.0.2", probePort: 22 } }))).toEqual(["fencing"]);
    expect(await failures(await enrol("nobmc"))).toEqual(["fencing"]);
    // The same machine under a second name would be counted twice.
    expect(await failures(await enrol("twin", { uri: "simulated://h1", power: { kind: "simulated", hostName: "h1" } }))).toEqual(["identity"]);
    for (const name of ["old", "dark", "blind", "nobmc", "twin"]) expect((await centre.host(name)).state).toBe("enrolling");
  });

  it("is kept out where its storage gives its locks away before it ends its own machines", async () => {
    centre = await openCentre({ hosts: [], world: { timings: { leaseTtlMs: 10_000, storageLeaseMs: 8_000 } } });
    centre.world.addHost({ name: "late" });
    const id = await enrol("late");
    expect(await failures(id)).toEqual(["lease"]);
    const { findings } = (await getHost(centre.provider, id)).preflight!;
    expect(findings.find((finding) => finding.check === "lease")?.words).toEqual([{ code: "found-lease-long", params: { ttlSeconds: 10, storageSeconds: 8 } }]);
    expect((await centre.host("late")).state).toBe("enrolling");
  });
});
