import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { createInstance, setConsent } from "@/server/compute";
import { cordonHost, listAdvice, listDecisions, decideAdvice, uncordonHost, updateAutomation } from "@/server/fleet";
import { automationInput, type AutomationInput } from "@/server/fleet/schema";
import { createTestDatabase } from "../support/database";
import { LifeCentre } from "../support/life/centre";
import { openCentre, until, type Centre } from "./centre";

let centre: Centre;
let closed: Centre | undefined;
afterEach(async () => {
  const open: Centre | undefined = centre;
  if (open !== closed) await open?.close();
  closed = open;
});

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

const MINUTE_MS = 60_000;

describe("quiet hours and budgets of moves, on a clock of their own", () => {
  it("keep everything where it is until the hours are over, then so many moves an hour in all, and so many for each host; the rest follows", async () => {
    // A Thursday, ten in the morning.
    const life = new LifeCentre(await createTestDatabase(), 5, Date.UTC(2026, 4, 7, 9, 50), { hosts: ["h1", "h2", "h3"], cores: 4, memoryMiB: 16_384 });
    try {
      await life.furnish();
      const tenant = await life.addOrganization("org_quiet");
      const rows = async <T extends Record<string, unknown>>(query: string): Promise<T[]> => (await life.database.owner.execute(sql.raw(query))).rows as T[];
      const others = await Promise.all(["h2", "h3"].map((name) => life.hostId(name)));
      for (const id of others) await cordonHost(life.provider, id);
      const ids: string[] = [];
      for (let index = 0; index < 8; index++) ids.push((await createInstance(tenant, { name: `vm-${index}`, flavorId: life.flavorIds.get(1)!, imageId: life.imageId })).id);
      // One owner says no at any time; enough others are there.
      await setConsent(tenant, { instanceId: ids[7]!, timeZone: "UTC", notDuring: [{ from: "00:00", to: "00:00" }], noticeMinutes: 0, movableForDiscount: false });
      const cycle = async (seconds: number): Promise<void> => {
        await life.clock.advance(seconds * 1_000);
        await life.settle();
        await life.cycle();
      };
      const running = () => life.world.runs().filter((run) => run.endMs === null);
      while (running().length < ids.length) await cycle(3);
      await cycle(3);
      for (const id of others) await uncordonHost(life.provider, id);

      /** What the loop sees: ten minutes in which each machine wanted a whole core. Four cores carry three of them at ease. */
      const rebalance = async (): Promise<void> => {
        const minute = Math.floor(life.clock.nowMs() / MINUTE_MS) * MINUTE_MS;
        await rows(`insert into sample (organization_id, instance_id, minute, cpu_millicores, cpu_steal_millicores)
          select organization_id, id, to_timestamp(${minute / 1_000}) - n * interval '1 minute', 990, 0 from instance, generate_series(0, 10) n
          on conflict (instance_id, minute) do update set cpu_millicores = excluded.cpu_millicores, cpu_steal_millicores = 0`);
        await life.pass("rebalance-clusters");
        for (let turn = 0; turn < 30 && (await rows("select 1 from migration where state in ('planned', 'running')")).length > 0; turn++) await cycle(1);
        expect(await rows("select 1 from migration where state not in ('done')")).toEqual([]);
      };
      const moves = async (): Promise<number> => (await rows("select 1 from migration")).length;
      const advice = async () => (await listAdvice(life.provider, life.clusterId)).find((one) => one.state === "open");
      const hours = (change: Partial<AutomationInput>) => updateAutomation(life.provider, automationInput.parse({ clusterId: life.clusterId, rebalance: "automatic", aggressiveness: 3, movesPerHour: 2, movesPerHostPerHour: 10, timeZone: "UTC", quietHours: [{ from: "09:00", to: "18:00" }], ...change }));

      await hours({});
      await rebalance();
      expect(await moves()).toBe(0);
      expect((await advice())?.reasonWords?.map((words) => words.code)).toEqual(["relief-hot", "relief-moves", "relief-quiet"]);

      await life.clock.advance(8 * 60 * MINUTE_MS + 10 * MINUTE_MS);
      await life.cycle();
      await rebalance();
      // Two are not enough, and all that an hour has.
      expect(await moves()).toBe(2);
      expect(await advice()).toBeUndefined();
      for (let turn = 0; turn < 5; turn++) {
        await cycle(300);
        await rebalance();
        expect(await moves()).toBe(2);
      }
      expect((await rows("select 1 from decision where kind = 'rebalance' and measured is not null")).length).toBe(1);

      // The next hour is counted for each host as well: whoever gives one away in it gives no second.
      await hours({ movesPerHour: 10, movesPerHostPerHour: 1 });
      await cycle(3_600);
      await rebalance();
      expect(await moves()).toBe(3);
      await cycle(600);
      await rebalance();
      expect(await moves()).toBe(3);
      await cycle(3_600);
      await rebalance();
      expect(await moves()).toBe(4);

      // Who was left where it is, and why, is kept as data for readers of any language, with the names that people know.
      const leftOut = await rows<{ code: string; name: string }>(`select w->>'code' as code, w->'params'->>'instance' as name from decision d, jsonb_array_elements(d.rejected) r, jsonb_array_elements(r->'words') w where d.kind = 'rebalance'`);
      expect(leftOut).toContainEqual({ code: "refuses-moves", name: "vm-7" });

      // Without a bound the rest follows at once, and then there is rest: nobody is hot any more.
      await hours({ movesPerHour: 10, movesPerHostPerHour: 10 });
      await cycle(3_600);
      await rebalance();
      const all = await moves();
      expect(all).toBeGreaterThan(4);
      await cycle(3_600);
      await rebalance();
      expect(await moves()).toBe(all);
      const spread = running().reduce((sum, run) => sum.set(run.host, (sum.get(run.host) ?? 0) + 1), new Map<string, number>());
      expect(Math.max(...spread.values())).toBe(3);
      expect(life.world.doubleRuns()).toEqual([]);
    } finally {
      await life.close();
      await life.database.close();
    }
  });
});
