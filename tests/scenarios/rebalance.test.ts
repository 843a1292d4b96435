import { afterEach, describe, expect, it } from "vitest";
import { setConsent } from "@/server/compute";
import { listAdvice, listDecisions, decideAdvice, updateAutomation } from "@/server/fleet";
import { automationInput, type AutomationInput } from "@/server/fleet/schema";
import { openCentre, until, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

const settings = (change: Partial<AutomationInput> = {}): AutomationInput => automationInput.parse({ clusterId: centre.clusterId, rebalance: "automatic", aggressiveness: 3, movesPerHour: 10, movesPerHostPerHour: 10, ...change });

/** Ten minutes of samples, as the observer would have written them minute by minute. */
async function measured(wants: ReadonlyMap<string, number>, minutes = 10): Promise<void> {
  for (const [id, millicores] of wants) {
    await centre.rows(`insert into sample (organization_id, instance_id, minute, cpu_millicores, cpu_steal_millicores)
      select organization_id, id, date_trunc('minute', now()) - n * interval '1 minute', ${millicores}, 0 from instance, generate_series(0, ${minutes}) n where id = '${id}'
      on conflict (instance_id, minute) do update set cpu_millicores = excluded.cpu_millicores`);
  }
}

/** Two hosts of four cores; all four machines of two vCPUs stand on one of them. */
async function hotHost(): Promise<{ readonly ids: string[]; readonly hot: string }> {
  centre = await openCentre({ hosts: ["h1", "h2"], cores: 4 });
  const ids = await Promise.all(Array.from({ length: 4 }, (_, index) => centre.order(`vm-${index}`, "large")));
  for (const id of ids) await centre.untilStatus(id, "running");
  return { ids, hot: centre.runsOn(ids[0]!)[0]! };
}

const load = (ids: readonly string[]): number => ids.length;

describe("a hot host", () => {
  it("is relieved by itself; the receipt says what was promised", async () => {
    const { ids, hot } = await hotHost();
    const here = ids.filter((id) => centre.runsOn(id).includes(hot));
    // Those beside the hot ones idle: two machines that want two cores each fill the host.
    await measured(new Map(ids.map((id) => [id, here.includes(id) ? 1_990 : 50])));
    await updateAutomation(centre.provider, settings());
    await until("one of the busy machines has left", 20_000, () => load(here.filter((id) => centre.runsOn(id).includes(hot))) < load(here), () => centre.rows("select kind, reason, outcome from decision order by id desc limit 3"));
    const [plan] = (await listDecisions(centre.provider, { kind: "rebalance", limit: 5 })).items;
    expect(plan!.reason).toMatch(/was wanted for \d+ % of its cores/);
    expect(plan!.predicted["loadAfter"]).toBeTruthy();
    const events = () => centre.rows<{ detail: { cause?: string } }>("select detail from instance_event where kind = 'moved'");
    await until("its owner can read it", 5_000, async () => (await events())[0]?.detail.cause === "balance", events);
    await centre.checkInvariants();
  });

  it("keeps guests that write faster than the link, and machines whose owners said no", async () => {
    const { ids, hot } = await hotHost();
    const here = ids.filter((id) => centre.runsOn(id).includes(hot));
    for (const id of here) await setConsent(centre.tenant, { instanceId: id, timeZone: "UTC", notDuring: [{ from: "00:00", to: "00:00" }], noticeMinutes: 0, movableForDiscount: false });
    await measured(new Map(ids.map((id) => [id, here.includes(id) ? 1_990 : 50])));
    await updateAutomation(centre.provider, settings());
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(here.every((id) => centre.runsOn(id).includes(hot))).toBe(true);
    // One owner wants notice, and is given it; the other writes too fast for the link.
    const [first, second] = here;
    await setConsent(centre.tenant, { instanceId: first!, timeZone: "UTC", notDuring: [], noticeMinutes: 30, movableForDiscount: false });
    await setConsent(centre.tenant, { instanceId: second!, timeZone: "UTC", notDuring: [], noticeMinutes: 0, movableForDiscount: false });
    centre.world.setProfile(second!, { baseFraction: 1, dirtyMiBs: 4_000 });
    await updateAutomation(centre.provider, settings());
    await until("the owner was told", 10_000, async () => (await centre.rows(`select 1 from instance_event where instance_id = '${first}' and kind = 'move-announced'`)).length === 1);
    await until("the rate was asked for", 10_000, async () => (await centre.rows<{ r: number }>(`select mib_per_second r from dirty_rate where instance_id = '${second}'`)).some((row) => Number(row.r) > 500));
    expect(here.every((id) => centre.runsOn(id).includes(hot))).toBe(true);
  });

  it("is only advised about where the cluster says so, and relieved when the operator accepts", async () => {
    const { ids, hot } = await hotHost();
    const here = ids.filter((id) => centre.runsOn(id).includes(hot));
    await measured(new Map(ids.map((id) => [id, here.includes(id) ? 1_990 : 50])));
    await updateAutomation(centre.provider, settings({ rebalance: "advise" }));
    await until("there is advice", 15_000, async () => (await listAdvice(centre.provider, centre.clusterId)).some((one) => one.state === "open"));
    expect(here.every((id) => centre.runsOn(id).includes(hot))).toBe(true);
    const [advice] = await listAdvice(centre.provider, centre.clusterId);
    await decideAdvice(centre.provider, advice!.id, true);
    await until("it was carried out", 20_000, async () => here.some((id) => !centre.runsOn(id).includes(hot)), () => listAdvice(centre.provider, centre.clusterId));
    await until("the advice says so", 5_000, async () => (await listAdvice(centre.provider, centre.clusterId)).some((one) => one.id === advice!.id && one.state === "applied"));
    await centre.checkInvariants();
  });
});
