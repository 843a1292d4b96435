import { afterEach, describe, expect, it } from "vitest";
import { getHost, returnToService, setSecondPower, testSecondPower } from "@/server/fleet";
import { setSecondPowerInput } from "@/server/fleet/schema";
import { inTransaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { createCentre, until, untilHost, type Centre } from "./centre";

const RETRY_MS = 600_000;

describe("a host that dies together with its controller", () => {
  let centre: Centre;
  afterEach(() => centre.close());

  /** h1 hangs on the outlet (or outlets) of the list; its second device is given as an operator gives it. */
  async function begin(feeds: readonly string[], second: { readonly role: "outlet" | "controller" | "both"; readonly outlet: string }, first?: string): Promise<{ readonly hostId: string; readonly ids: readonly string[] }> {
    centre = await createCentre({ hosts: ["h1", "h2"], policy: { suspectAfterSeconds: 0.5, fenceAfterSeconds: 1 }, world: { hosts: [{ name: "h1", cores: 8, memoryMiB: 16_384, outlets: feeds }, { name: "h2", cores: 8, memoryMiB: 16_384 }] } });
    if (first !== undefined) await centre.rows(`update host_power set config = config || '{"outlet": "${first}"}' where host_id = (select id from host where name = 'h1')`);
    await setSecondPower(centre.provider, setSecondPowerInput.parse({ hostId: (await centre.host("h1")).id, second: { role: second.role, device: { kind: "simulated", hostName: "h1", outlet: second.outlet } } }));
    await centre.startWorker();
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up", 60_000);
    const ids = await Promise.all([0, 1].map((index) => centre.order(`vm-${index}`)));
    for (const id of ids) await centre.untilStatus(id, "running", 60_000);
    // Fate decided where they run; the story is of those on h1.
    const here = ids.filter((id) => centre.runsOn(id).includes("h1"));
    expect(here.length).toBeGreaterThan(0);
    return { hostId: (await centre.host("h1")).id, ids: here };
  }

  const elsewhere = (ids: readonly string[]) => until("all run on h2", 60_000, () => ids.every((id) => centre.runsOn(id).join() === "h2"), () => centre.rows("select h.name, h.state, h.state_reason, f.last_error from host h left join fencing f on f.host_id = h.id"));
  const attempts = async (): Promise<number> => Number((await centre.rows<{ attempts: number }>("select coalesce(max(attempts), 0) as attempts from fencing"))[0]!.attempts);
  const look = () => inTransaction(centre.provider, (tx) => wake(tx, "power-hosts"));
  const cutAt = async (hostId: string) => (await getHost(centre.provider, hostId)).power.second?.cutAt;

  it("is fenced by the outlet that feeds it, and no machine starts before that is confirmed; its outlet is on again when it is back", async () => {
    const { hostId, ids } = await begin(["pdu-1/4"], { role: "outlet", outlet: "pdu-1/4" });
    // The worst of it: nobody can reach it, and its machines go on.
    centre.world.bmc("h1", { reachable: false });
    centre.world.partition("h1");
    await elsewhere(ids);
    const cut = centre.world.power().find((one) => one.host === "h1" && one.to === "off")!;
    expect(cut.how).toBe("switched");
    for (const run of centre.world.runs().filter((one) => ids.includes(one.instanceId) && one.host === "h2")) expect(run.startMs).toBeGreaterThanOrEqual(cut.atMs);
    const view = await getHost(centre.provider, hostId);
    expect(view.fencing!.reasonWords!.map((word) => word.code)).toEqual(["host-silent-for", "host-off-second"]);
    await until("its incident says which device it was", 30_000, async () => (await centre.rows("select 1 from incident_entry where words::text like '%host-off-second%'")).length === 1);
    // Somebody repairs it; the outlet was put back for that, and goes on when it was not.
    centre.world.heal("h1");
    await returnToService(centre.provider, hostId);
    await untilHost(centre, "h1", "up");
    await until("nothing is left cut", 30_000, async () => (await cutAt(hostId)) === null);
    expect(centre.world.outletIsOn("pdu-1/4")).toBe(true);
    await centre.checkInvariants();
    // A device that dies unused is found out by the next look at it.
    const check = async () => (await getHost(centre.provider, hostId)).power.second?.check;
    await until("it was looked at", 30_000, async () => (await check())?.ok === true);
    centre.world.outlet("pdu-1/4", { reachable: false });
    await testSecondPower(centre.provider, hostId);
    await until("it is found dead", 30_000, async () => (await check())?.ok === false);
    expect((await check())!.words[0]!.code).toBe("found-second-broken");
    await setSecondPower(centre.provider, setSecondPowerInput.parse({ hostId, second: null }));
    expect((await getHost(centre.provider, hostId)).power.second).toBeNull();
    // Where it is reached stays between the operator and the worker.
    expect(JSON.stringify(await centre.rows("select before, after from audit_entry where action like 'host.second%'"))).not.toContain("pdu-1/4");
  }, RETRY_MS);

  it("is not dead because an outlet is off that feeds another machine, and that one gets its power back", async () => {
    const { ids } = await begin([], { role: "outlet", outlet: "pdu-1/5" });
    // Its controller takes no order and still says that it is on.
    centre.world.partition("h1");
    centre.world.bmc("h1", { ignoresOff: true });
    await until("a try has failed", 60_000, async () => (await attempts()) >= 1);
    expect((await centre.rows("select 1 from fencing where last_error_words::text like '%fence-second-disagrees%'")).length).toBe(1);
    expect((await centre.host("h1")).state).not.toBe("fenced");
    expect(ids.every((id) => centre.runsOn(id).join() === "h1")).toBe(true);
    await until("the other machine has its power", 30_000, () => centre.world.outletIsOn("pdu-1/5"));
    await centre.checkInvariants();
  }, RETRY_MS);

  it("of two outlets is dead when both are off: one alone is no fence, and what was cut in vain is on when it answers", async () => {
    const { hostId, ids } = await begin(["pdu-a/1", "pdu-b/1"], { role: "both", outlet: "pdu-b/1" }, "pdu-a/1");
    centre.world.outlet("pdu-b/1", { refuses: true });
    centre.world.partition("h1");
    await until("a try has failed", 60_000, async () => (await attempts()) >= 1);
    expect((await centre.host("h1")).state).not.toBe("fenced");
    expect([centre.world.outletIsOn("pdu-a/1"), centre.world.outletIsOn("pdu-b/1")]).toEqual([false, true]);
    expect(ids.every((id) => centre.runsOn(id).join() === "h1")).toBe(true);
    centre.world.heal("h1");
    await untilHost(centre, "h1", "up");
    centre.world.outlet("pdu-b/1", { refuses: false });
    await until("both outlets are on", 30_000, async () => (await look(), (await cutAt(hostId)) === null && centre.world.outletIsOn("pdu-a/1")));
    // The second time both can be cut.
    centre.world.partition("h1");
    await elsewhere(ids);
    expect((await getHost(centre.provider, hostId)).fencing!.reasonWords!.map((word) => word.code)).toContain("host-off-both");
    await centre.checkInvariants();
  }, RETRY_MS);
});
