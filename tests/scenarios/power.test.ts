import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { createInstance, deleteInstance, purgeInstance } from "@/server/compute";
import { decideAdvice, getIncident, listAdvice, listCertificates, listDecisions, listIncidents, readCertificate, takeSnapshot, updateAutomation } from "@/server/fleet";
import { automationInput, type AutomationInput } from "@/server/fleet/schema";
import { findCertificateFaults } from "@/server/planner";
import type { SleepCertificate } from "@/server/planner/types";
import { inTransaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { createTestDatabase } from "../support/database";
import { LifeCentre } from "../support/life/centre";
import { openCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
let closed: Centre | undefined;
afterEach(async () => {
  const open: Centre | undefined = centre;
  if (open !== closed) await open?.close();
  closed = open;
});

/** Hosts may sleep at once and as often as it takes: the figures of rest are for a night, the test has seconds. */
const eager = (change: Partial<AutomationInput> = {}): AutomationInput =>
  automationInput.parse({ clusterId: centre.clusterId, consolidate: "automatic", minAwakeHosts: 2, minAwakeSeconds: 0, minAsleepSeconds: 0, maxCycles: 100, wakeTimeoutSeconds: 5, movesPerHour: 100, ...change });

const names = async (state: string): Promise<string[]> => (await centre.rows<{ name: string }>(`select name from host where state = '${state}' order by name`)).map((row) => row.name);

async function untilAsleep(count: number, timeoutMs = 30_000): Promise<string[]> {
  await until(`${count} hosts sleep, or more`, timeoutMs, async () => Number((await centre.rows<{ n: string }>(`select count(*) n from host where state = 'asleep' and power_state = 'asleep'`))[0]!.n) >= count, () => centre.rows("select name, state, power_state, state_reason from host order by name"));
  return names("asleep");
}

/** The certificate that stands names exactly the sleepers, and holds in the cluster as it is now. */
async function expectCertified(): Promise<void> {
  const before = await readCertificate(centre.provider, centre.clusterId);
  const snapshot = await takeSnapshot(centre.provider, centre.clusterId);
  const asleep = [...snapshot.hosts.values()].filter((host) => host.state === "asleep").map((host) => host.id);
  const standing = await readCertificate(centre.provider, centre.clusterId);
  // Another host fell asleep between the looks: both have to be of one moment.
  if (JSON.stringify(before?.asleepHostIds) !== JSON.stringify(standing?.asleepHostIds)) return expectCertified();
  expect(new Set(standing?.asleepHostIds)).toEqual(new Set(asleep));
  const hosts = snapshot.planner.hosts.map((host) => (asleep.includes(host.id) ? { ...host, state: "asleep" as const } : host));
  expect(findCertificateFaults({ ...snapshot.planner, hosts }, standing!.proof as unknown as SleepCertificate)).toEqual([]);
}

describe("a night", () => {
  it("empties hosts that are not needed, lets them sleep with a certificate, and wakes them for a burst of orders", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3", "h4"] });
    const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => centre.order(`vm-${index}`)));
    for (const id of ids) await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, eager());
    const asleep = await untilAsleep(2);
    await expectCertified();
    for (const name of asleep) expect(centre.world.status().hosts.find((host) => host.name === name)!.phase).toBe("off");
    for (const id of ids) expect(centre.runsOn(id)).toHaveLength(1);
    for (const id of ids) expect(asleep).not.toContain(centre.runsOn(id)[0]);
    const sleeps = (await listDecisions(centre.provider, { kind: "sleep", limit: 10 })).items;
    expect(sleeps).toHaveLength(2);
    expect(sleeps[0]!.reason).toMatch(/may fail while any one sleeper does not wake/);
    await centre.checkInvariants();

    // A morning: more is ordered than two awake hosts hold with the loss of one survived.
    const orders = await Promise.all(Array.from({ length: 3 }, (_, index) => centre.order(`big-${index}`, "big")));
    for (const id of orders) await centre.untilStatus(id, "running", 30_000);
    expect((await listDecisions(centre.provider, { kind: "wake", limit: 10 })).items.some((item) => /wait.* for room/.test(item.reason))).toBe(true);
    await until("what sleeps is certified", 5_000, async () => (await names("asleep")).length === 0 || (await readCertificate(centre.provider, centre.clusterId)) !== null);
    if ((await names("asleep")).length > 0) await expectCertified();
    await centre.checkInvariants();
  });

  it("wakes nobody whose power is just being cut: who is needed then sleeps first, and wakes after that", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3"] });
    const first = await centre.order("first");
    await centre.untilStatus(first, "running");
    // A controller that takes its time, as an operating system does that ends in order.
    for (const name of ["h1", "h2", "h3"]) centre.world.bmc(name, { slowMs: 700 });
    await updateAutomation(centre.provider, eager({ wakeTimeoutSeconds: 30 }));
    await until("one is on its way", 30_000, async () => (await centre.rows("select 1 from host where power_state = 'falling-asleep'")).length > 0);
    const orders = await Promise.all(Array.from({ length: 3 }, (_, index) => centre.order(`big-${index}`, "big")));
    for (const id of orders) await centre.untilStatus(id, "running", 60_000);
    expect(await centre.rows("select 1 from fencing")).toEqual([]);
    expect(await centre.rows(`select 1 from host_power_event where from_state = 'falling-asleep' and to_state <> 'asleep'`)).toEqual([]);
    await centre.checkInvariants();
  });

  it("advises where it may not act, and does what the operator accepts", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3"] });
    const id = await centre.order("only");
    await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, eager({ consolidate: "advise" }));
    const open = async () => (await listAdvice(centre.provider, centre.clusterId)).find((one) => one.state === "open");
    await until("it is advised", 20_000, async () => (await open()) !== undefined);
    const advice = (await open())!;
    expect(advice).toMatchObject({ kind: "consolidate", reasonWords: [{ code: "freeing-hosts" }] });
    expect(await names("asleep")).toEqual([]);
    // The word counts for the host that was shown, and for no other.
    await decideAdvice(centre.provider, advice.id, true);
    await untilAsleep(1);
    await until("it is carried out", 20_000, async () => (await listAdvice(centre.provider, centre.clusterId)).find((one) => one.id === advice.id)?.state === "applied");
    expect(await names("asleep")).toEqual((advice.plan["hosts"] as { name: string }[]).map((host) => host.name));
    await centre.checkInvariants();
  });
});

describe("a sleeper that has not woken for long", () => {
  it("is woken to prove that it can, and the proof is kept", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3"] });
    const id = await centre.order("only");
    await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, eager({ wakeTestDays: 7 }));
    const [sleeper] = await untilAsleep(1);
    await centre.rows(`update host set last_wake_test_at = now() - interval '8 days' where name = '${sleeper}' returning id`);
    await until("it has woken", 30_000, async () => {
      await inTransaction(centre.provider, (tx) => wake(tx, "wake-hosts"));
      return (await centre.rows(`select 1 from host_power_event where kind = 'wake-test' and to_state = 'on'`)).length > 0;
    });
    const [asked] = (await listDecisions(centre.provider, { kind: "wake", limit: 5 })).items;
    expect(asked).toMatchObject({ hostId: (await centre.host(sleeper!)).id, reasonWords: [{ code: "wake-test", params: { days: 8 } }] });
    expect(await centre.rows(`select 1 from host where name = '${sleeper}' and last_wake_test_at > now() - interval '1 day' and wake_seconds is not null`)).toHaveLength(1);
    await centre.checkInvariants();
  });
});

describe("a sleeper that does not wake", () => {
  it("is quarantined, another one is woken in its place, and the operator is told", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3", "h4"] });
    const first = await centre.order("first");
    await centre.untilStatus(first, "running");
    await updateAutomation(centre.provider, eager({ wakeTimeoutSeconds: 5 }));
    const asleep = await untilAsleep(2);
    for (const name of asleep) centre.world.bmc(name, { reachable: name !== asleep[0] });
    const orders = await Promise.all(Array.from({ length: 3 }, (_, index) => centre.order(`big-${index}`, "big")));
    await untilHost(centre, asleep[0]!, "quarantined", 40_000);
    for (const id of orders) await centre.untilStatus(id, "running", 30_000);
    const { items } = await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 10 });
    expect(items[0]).toMatchObject({ kind: "wake-failed", hostName: asleep[0], closedAt: null });
    expect((await getIncident(centre.provider, items[0]!.id)).entries.length).toBeGreaterThanOrEqual(2);
    await centre.checkInvariants();
  });
});

/** From the moment at which a host was told to wake and does not, to the moment at which another one is. */
const WAKE_BOUND_MS = 60_000;

describe("a sleeper that does not wake, on a clock of its own", () => {
  it.each([
    ["whose controller is dead is replaced by another one within sixty seconds, although every loop only looks when its period is over, and the operator is told", "controller"],
    ["and has power, but takes longer than it ever did, is not counted on any more: another one is woken within sixty seconds, and both are welcome", "guest"],
  ] as const)("%s", async (_story, broken) => {
    const life = new LifeCentre(await createTestDatabase(), 9, Date.UTC(2026, 4, 7, 22), { hosts: ["h1", "h2", "h3", "h4"], cores: 8, memoryMiB: 16_384 });
    try {
      await life.furnish();
      const tenant = await life.addOrganization("org_wakes");
      const rows = async <T extends Record<string, unknown>>(query: string): Promise<T[]> => (await life.database.owner.execute(sql.raw(query))).rows as T[];
      /** Five seconds, in which the loops of the power pass when their own period is over; nothing wakes them before. */
      let turns = 0;
      const turn = async (): Promise<void> => {
        turns += 1;
        await life.clock.advance(5_000);
        await life.settle();
        await life.cycle();
        await life.pass("power-hosts");
        if (turns % 3 === 0) for (const loop of ["wake-hosts", "consolidate-clusters", "guard-certificates"]) await life.pass(loop);
      };
      const until = async (what: string, most: number, holds: () => Promise<boolean>): Promise<void> => {
        for (let tries = 0; !(await holds()); tries++) {
          if (tries === most) throw new Error(`Not within ${most} turns: ${what}; ${JSON.stringify(await rows("select name, state, power_state, state_reason from host order by name"))}`);
          await turn();
        }
      };
      // One on each of the two that stay awake.
      for (const name of ["one", "other"]) await createInstance(tenant, { name, flavorId: life.flavorIds.get(1)!, imageId: life.imageId, antiAffinityGroup: "pair" });
      await until("both run", 20, async () => life.world.runs().filter((run) => run.endMs === null).length === 2);
      await updateAutomation(life.provider, automationInput.parse({ clusterId: life.clusterId, consolidate: "automatic", minAwakeHosts: 2, minAwakeSeconds: 0, minAsleepSeconds: 0, maxCycles: 100, wakeTimeoutSeconds: broken === "guest" ? 600 : 30, movesPerHour: 100 }));
      const inPower = async (state: string) => (await rows<{ name: string }>(`select name from host where power_state = '${state}' order by name`)).map((row) => row.name);
      await until("two sleep", 60, async () => (await inPower("asleep")).length === 2);

      // Every core of the awake hosts is wanted: one sleeper is woken, and does not come.
      await rows("update host set wake_seconds = 20 where power_state = 'asleep'");
      const fail = (name: string, fails: boolean): void => {
        if (broken === "controller") life.world.bmc(name, { reachable: !fails });
        else if (fails) life.world.partition(name, { storage: true });
        else life.world.heal(name);
      };
      for (const name of await inPower("asleep")) fail(name, true);
      const minute = Math.floor(life.clock.nowMs() / 60_000) * 60;
      await rows(`insert into sample (organization_id, instance_id, minute, cpu_millicores, cpu_steal_millicores)
        select organization_id, id, to_timestamp(${minute}) + n * interval '1 minute', 8000, 0 from instance, generate_series(-10, 3) n
        on conflict (instance_id, minute) do update set cpu_millicores = excluded.cpu_millicores`);
      await until("one is woken", 20, async () => (await inPower("waking")).length > 0);
      const [first] = await inPower("waking");
      const [second] = await inPower("asleep");
      expect(await inPower("asleep")).toHaveLength(1);
      fail(second!, false);
      await until("the other one is up", 40, async () => (await rows(`select 1 from host where name = '${second}' and state = 'up'`)).length === 1);

      const woken = await rows<{ name: string; at: number }>("select h.name, (extract(epoch from e.at) * 1000)::float8 as at from host_power_event e join host h on h.id = e.host_id where e.to_state = 'waking' order by e.at, e.id");
      expect(woken.map((one) => one.name)).toEqual([first, second]);
      expect(woken[1]!.at - woken[0]!.at).toBeLessThanOrEqual(WAKE_BOUND_MS);
      const on = life.world.power().findLast((change) => change.host === second && change.to === "on")!;
      expect(on.atMs - woken[0]!.at).toBeLessThanOrEqual(WAKE_BOUND_MS);
      expect(life.world.doubleRuns()).toEqual([]);
      if (broken === "guest") {
        expect(await rows(`select state, power_state from host where name = '${first}'`)).toEqual([{ state: "asleep", power_state: "waking" }]);
        fail(first!, false);
        // It may be put to sleep again at once: it is not needed any more.
        await until("it came after all", 40, async () => (await rows(`select 1 from host_power_event e join host h on h.id = e.host_id where h.name = '${first}' and e.from_state = 'waking' and e.to_state = 'on'`)).length === 1);
        return;
      }
      expect(await rows("select name, power_state from host where state = 'quarantined'")).toEqual([{ name: first, power_state: "failed-to-wake" }]);
      const told = (await listIncidents(life.provider, { clusterId: life.clusterId, limit: 10 })).items.filter((one) => one.kind === "wake-failed");
      expect(told.map((one) => ({ host: one.hostName, open: one.closedAt === null, within: one.openedAt.getTime() - woken[0]!.at <= WAKE_BOUND_MS }))).toEqual([{ host: first, open: true, within: true }]);
    } finally {
      await life.close();
      await life.database.close();
    }
  });
});

describe("a host that dies while others sleep", () => {
  it("has its machines restarted within what was certified, and sleepers are woken until the promise holds again", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3", "h4"], memoryMiB: 8_192 });
    const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => centre.order(`vm-${index}`, "large")));
    for (const id of ids) await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, eager());
    await untilAsleep(1);
    await expectCertified();
    const victim = centre.runsOn(ids[0]!)[0]!;
    centre.world.crash(victim);
    for (const id of ids) await until(`${id} runs`, 20_000, () => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(victim), () => centre.status(id));
    await until("the guard is content", 20_000, async () => {
      const [cluster] = await centre.rows<{ generation: string }>("select generation from cluster");
      const standing = await readCertificate(centre.provider, centre.clusterId);
      return (await names("asleep")).length === 0 || standing?.checkedForGeneration === Number(cluster!.generation);
    });
    await centre.checkInvariants();
    const certificates = await listCertificates(centre.provider, centre.clusterId);
    expect(certificates.length).toBeGreaterThan(0);
  });
});

describe("the guard", () => {
  it("makes the proof anew after every change", async () => {
    centre = await openCentre({ hosts: ["h1", "h2", "h3"] });
    const id = await centre.order("goes");
    await centre.untilStatus(id, "running");
    await updateAutomation(centre.provider, eager());
    await untilAsleep(1);
    const before = (await readCertificate(centre.provider, centre.clusterId))!;
    const second = await centre.order("comes");
    await centre.untilStatus(second, "running");
    await until("the proof follows", 10_000, async () => {
      const [cluster] = await centre.rows<{ generation: string }>("select generation from cluster");
      return (await readCertificate(centre.provider, centre.clusterId))?.checkedForGeneration === Number(cluster!.generation);
    });
    expect((await readCertificate(centre.provider, centre.clusterId))!.checkedForGeneration).toBeGreaterThan(before.checkedForGeneration);
    await expectCertified();
    await deleteInstance(centre.tenant, { instanceId: second });
    await purgeInstance(centre.tenant, { instanceId: second });
    await updateAutomation(centre.provider, eager({ consolidate: "off" }));
    await until("everybody is awake again", 20_000, async () => (await names("up")).length === 3, () => centre.rows("select name, state, power_state, power_state_reason from host"));
    await until("no certificate stands", 5_000, async () => (await readCertificate(centre.provider, centre.clusterId)) === null);
  });
});
