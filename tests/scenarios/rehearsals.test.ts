import { afterEach, describe, expect, it } from "vitest";
import { applyRehearsal, askRehearsal, getRehearsal, listDrills, orderDrill, setHostPower, updateAutomation, type RehearsalView } from "@/server/fleet";
import { askRehearsalInput, type AskRehearsalInput } from "@/server/fleet/rehearsal/schema";
import { automationInput, hostPowerInput } from "@/server/fleet/schema";
import { openCentre, until, untilHost } from "./centre";

let centre: Awaited<ReturnType<typeof openCentre>>;
afterEach(() => centre.close());

async function rehearse(question: AskRehearsalInput["question"] | Record<string, unknown>): Promise<RehearsalView> {
  const { id } = await askRehearsal(centre.provider, askRehearsalInput.parse({ clusterId: centre.clusterId, question }));
  await until("the rehearsal is played", 60_000, async () => (await getRehearsal(centre.provider, id)).state !== "asked");
  return getRehearsal(centre.provider, id);
}

/** Everything of the fleet that a rehearsal must leave as it is. */
const fleet = (): Promise<unknown> => centre.rows("select (select json_agg(h order by h.id) from (select id, state, power_state, cordoned, drain_requested_at, committed_vcpus from host) h) as hosts, (select json_agg(a order by a.instance_id) from allocation a) as places, (select count(*) from migration) as moves, (select generation from cluster) as generation");

describe("a rehearsal", () => {
  it("answers on a copy, touches nothing, is applied by the verbs that exist, and is compared with what came of it", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3", "h4"] });
    const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => centre.order(`vm-${index}`)));
    for (const id of ids) await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, automationInput.parse({ clusterId: centre.clusterId, minAwakeSeconds: 0, minAsleepSeconds: 0 }));
    const before = await fleet();

    const night = await rehearse({ kind: "tonight" });
    expect(night.error).toBeNull();
    expect(night.result!.before.hostsAsleep).toBe(0);
    expect(night.result!.after.hostsAsleep).toBe(2);
    expect(night.result!.after.kwh).toBeLessThan(night.result!.before.kwh);
    expect(night.result!.after.lossSurvived).toBe(true);
    expect(night.result!.apply).toBe("automatic");
    expect(night.result!.seconds).toBe(86_400);

    const from = (await centre.host(centre.runsOn(ids[0]!)[0]!)).id;
    const onIt = (await centre.rows<{ n: number }>(`select count(*)::int as n from allocation where host_id = '${from}'`))[0]!.n;
    const loss = await rehearse({ kind: "lose-host", hostId: from });
    expect(loss.result!.moves).toHaveLength(onIt);
    expect(loss.result!.refusals).toEqual([]);
    expect(loss.result!.apply).toBeNull();
    await expect(applyRehearsal(centre.provider, { rehearsalId: loss.id, evenIfChanged: true })).rejects.toThrow(/only says what would happen/);

    const many = await rehearse({ kind: "add-desktops", count: 40, at: "09:00", flavorId: centre.flavors.large });
    const places = many.result!.moves.filter((move) => move.why === "order").length;
    expect(places + Number(many.result!.refusals[0]?.name ?? 0)).toBe(40);
    const ratio = await rehearse({ kind: "ratio", cpuRatio: 1 });
    expect(ratio.result!.before.vcpusSellable).toBe(4 * 8 * 4);
    expect(ratio.result!.after.vcpusSellable).toBe(4 * 8);
    const full = (await centre.host("h1")).id;
    const retire = await rehearse({ kind: "retire-hosts", hostIds: [full, from].filter((id, index, all) => all.indexOf(id) === index) });
    expect(retire.result!.after.hostsAwake).toBe(4 - new Set([full, from]).size);
    // Nothing of all this has touched the fleet.
    expect(await fleet()).toEqual(before);

    await applyRehearsal(centre.provider, { rehearsalId: ratio.id, evenIfChanged: false });
    expect((await centre.rows<{ cpu_ratio: number }>("select cpu_ratio from cluster"))[0]!.cpu_ratio).toBe(1);
    await expect(applyRehearsal(centre.provider, { rehearsalId: retire.id, evenIfChanged: false })).rejects.toThrow(/has changed since/);
    await applyRehearsal(centre.provider, { rehearsalId: retire.id, evenIfChanged: true });
    await until("the hosts are empty", 30_000, async () => (await centre.rows<{ n: number }>(`select count(*)::int as n from allocation where host_id in ('${full}', '${from}')`))[0]!.n === 0);
    // The comparison is due now, not in a minute and an hour.
    await centre.rows("update rehearsal set compare_at = now() where state = 'applied'");
    centre.crew.wake("play-rehearsals");
    await until("both are compared", 30_000, async () => (await centre.rows("select 1 from rehearsal where state = 'measured'")).length === 2, () => centre.rows("select kind, state, compare_at from rehearsal"));
    const receipt = (await getRehearsal(centre.provider, retire.id)).receipt!;
    expect(receipt.figures.find((one) => one.figure === "moves")).toMatchObject({ value: retire.result!.moves.length, agrees: true });
    expect(receipt.figures.find((one) => one.figure === "emptySeconds")!.measured).toBeGreaterThan(0);
    expect((await getRehearsal(centre.provider, ratio.id)).receipt!.figures.find((one) => one.figure === "vcpusSellable")).toMatchObject({ measured: 32, agrees: true });
    const audits = await centre.rows<{ action: string }>("select action from audit_entry where action like 'rehearsal.%' order by 1");
    expect(audits.map((row) => row.action)).toEqual([...Array.from({ length: 2 }, () => "rehearsal.applied"), ...Array.from({ length: 5 }, () => "rehearsal.asked")]);
    await centre.checkInvariants();
  });
});

describe("a drill", () => {
  it("crashes a marked host for real, and what is measured agrees with the same loss rehearsed", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3"] });
    const ids = await Promise.all(Array.from({ length: 4 }, (_, index) => centre.order(`vm-${index}`)));
    for (const id of ids) await centre.untilStatus(id, "running");
    const victim = centre.runsOn(ids[0]!)[0]!;
    const hostId = (await centre.host(victim)).id;
    await expect(orderDrill(centre.provider, hostId)).rejects.toThrow(/not marked for drills/);
    await setHostPower(centre.provider, hostPowerInput.parse({ hostId, drillable: true }));
    const onIt = ids.filter((id) => centre.runsOn(id).includes(victim));
    // On schedule: nobody presses a button.
    await updateAutomation(centre.provider, automationInput.parse({ clusterId: centre.clusterId, drillDays: 30 }));
    centre.crew.wake("drill-hosts");
    await until("the power is cut", 60_000, () => centre.world.status().hosts.find((host) => host.name === victim)!.phase === "off", () => listDrills(centre.provider, centre.clusterId));
    for (const id of onIt) await until(`${id} runs elsewhere`, 60_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(victim), () => centre.status(id));
    await until("the drill is over", 120_000, async () => (await listDrills(centre.provider, centre.clusterId))[0]?.finishedAt !== null, () => listDrills(centre.provider, centre.clusterId));
    const [drill, ...others] = await listDrills(centre.provider, centre.clusterId);
    expect(others).toEqual([]);
    expect(drill).toMatchObject({ hostName: victim, state: "done" });
    await untilHost(centre, victim, "up");
    expect(drill!.receipt!.figures.map((one) => one.figure)).toEqual(["detectMs", "fenceMs", "backMs", "restarted"]);
    // How long things take on a machine that others use too is no property of ours; that it is measured, and judged by the bound that was stated, is.
    for (const one of drill!.receipt!.figures) expect(one.agrees, JSON.stringify(one)).toBe(Math.abs(one.measured! - one.value) <= one.bound);
    expect(drill!.receipt!.figures.find((one) => one.figure === "restarted")!.measured).toBe(onIt.length);
    await centre.checkInvariants();
  });

  it("leaves the host alone where its machines would find no place", async () => {
    centre = await openCentre({ hosts: ["h1", "h2"], memoryMiB: 16_384 });
    const ids = await Promise.all([centre.order("first", "big"), centre.order("second", "big")]);
    for (const id of ids) await centre.untilStatus(id, "running");
    const { id: hostId } = await centre.host(centre.runsOn(ids[0]!)[0]!);
    await setHostPower(centre.provider, hostPowerInput.parse({ hostId, drillable: true }));
    await orderDrill(centre.provider, hostId);
    await until("the drill ends", 60_000, async () => (await listDrills(centre.provider, centre.clusterId))[0]?.finishedAt !== null);
    expect((await listDrills(centre.provider, centre.clusterId))[0]).toMatchObject({ state: "failed", crashedAt: null, reason: expect.stringMatching(/would find no place.*not touched/) as string });
    expect(centre.runsOn(ids[0]!)).toHaveLength(1);
  });
});
