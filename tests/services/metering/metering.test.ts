import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closeHostUsage, listUsageWindows, meterHeldResources, meterObservations, recordSamples, summarizeUsage, listSamples, type HostUsageFact } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { seededRandom } from "@/server/platform/random";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { insertInstanceRows } from "../../support/rows";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
// Each test tells its hosts' story from the beginning.
beforeEach(() => database.owner.execute(sql`delete from usage_watermark`));

const START = Date.UTC(2026, 0, 31, 14, 59, 0);
const at = (seconds: number): Date => new Date(START + seconds * 1000);
const clock = new VirtualClock(START);
const context = () => testContext(database.worker, { clock });
const meter = (...facts: HostUsageFact[]) => inTransaction(context(), (tx) => meterObservations(tx, context(), facts));
const windows = async (organizationId: string) =>
  (await inTransaction(context(), (tx) => listUsageWindows(tx, organizationId, { from: at(-86_400), to: at(864_000) })))
    .toReversed()
    .map((w) => [w.meter, (w.startedAt.getTime() - START) / 1000, (w.endedAt.getTime() - START) / 1000, w.closedReason, w.flavorId]);
const seen = (hostId: string, second: number, previous: number | null, ...running: HostUsageFact["running"][number][]): HostUsageFact => ({
  hostId, confirmedThrough: at(second), previouslyConfirmedThrough: previous === null ? null : at(previous), running,
});
const run = (instanceId: string, since: number | null, continues = false) => ({ instanceId, since: since === null ? null : at(since), continues });

describe("usage windows", () => {
  it("begin at the start of the run and end at the host's last word, whatever was left out between", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m1", instanceId: "ins_m1", at: at(0) });
    await meter(seen("h1", 10, null, run("ins_m1", 8.25)));
    await meter(seen("h1", 40, 39, run("ins_m1", 8.25)));
    await meter(seen("h1", 41, 40));
    expect(await windows("org_m1")).toEqual([["instance", 8.25, 40, "stopped", "flv_small"]]);
  });

  it("are one run over a live migration, in whatever order the two hosts answer", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m2", instanceId: "ins_m2", at: at(0) });
    await meter(seen("h1", 10, null, run("ins_m2", 5)));
    await meter(seen("h1", 11, 10));
    await meter(seen("h2", 12, 11, run("ins_m2", 11.5, true)));
    await meter(seen("h2", 20, 19), seen("h3", 20, 19, run("ins_m2", 19, true)));
    expect((await windows("org_m2")).map(([, from, to]) => [from, to])).toEqual([[5, 10], [10, 20]]);
  });

  it("end with a lost host and begin again at the restart, the outage is not billed", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m3", instanceId: "ins_m3", at: at(0) });
    await meter(seen("h1", 10, null, run("ins_m3", 5)));
    await inTransaction(context(), (tx) => closeHostUsage(tx, context(), { hostId: "h1", lastWord: at(12) }));
    await meter(seen("h2", 30, 29, run("ins_m3", 28)));
    await meter(seen("h2", 33, 32));
    expect((await windows("org_m3")).map(([, from, to, why]) => [from, to, why])).toEqual([[5, 12, "host-lost"], [28, 32, "stopped"]]);
  });

  it("grow over a silence that the run survived, and end before it when the run was another", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m4", instanceId: "ins_m4", at: at(0) });
    await meter(seen("h4", 10, null, run("ins_m4", 5)));
    await meter(seen("h4", 100, 10, run("ins_m4", 5)));
    await meter(seen("h4", 200, 100, run("ins_m4", 150)));
    expect((await windows("org_m4")).map(([, from, to, why]) => [from, to, why])).toEqual([[5, 100, "restarted"], [150, 200, null]]);
  });

  it("are cut where a resize was first seen, without a gap", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m5", instanceId: "ins_m5", at: at(0) });
    await meter(seen("h1", 10, null, run("ins_m5", 5)));
    await database.owner.execute(sql`update instance set flavor_id = 'flv_large', vcpus = 2, memory_mib = 1024 where id = 'ins_m5'`);
    await meter(seen("h1", 20, 19, run("ins_m5", 5)));
    await database.owner.execute(sql`update instance_observation set vcpus = 2, memory_mib = 1024 where instance_id = 'ins_m5'`);
    await meter(seen("h1", 30, 29, run("ins_m5", 5)));
    await meter(seen("h1", 40, 39, run("ins_m5", 5)));
    expect(await windows("org_m5")).toEqual([["instance", 5, 30, "resized", "flv_small"], ["instance", 30, 40, null, "flv_large"]]);
  });

  it("have the size that runs, also when the first word of a run comes after another size was asked for", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m5b", instanceId: "ins_m5b", at: at(0) });
    await database.owner.execute(sql`update instance_observation set vcpus = 2, memory_mib = 1024 where instance_id = 'ins_m5b'`);
    // Ordered with two vCPUs, asked to have one; that waits for the next boot.
    await meter(seen("h1", 90_000, null, run("ins_m5b", 5)));
    await meter(seen("h1", 90_010, 90_009, run("ins_m5b", 5)));
    const [window] = await inTransaction(context(), (tx) => listUsageWindows(tx, "org_m5b", { from: at(0), to: at(864_000) }));
    expect(await windows("org_m5b")).toEqual([["instance", 5, 90_010, null, "flv_large"]]);
    expect([window?.vcpus, window?.memoryMiB]).toEqual([2, 1024]);
  });

  it("never overlap and never change once closed, whoever tries", async () => {
    await expect(database.owner.execute(sql`update usage_window set ended_at = ended_at + interval '1 hour' where closed_at is not null`)).rejects.toThrow();
    await expect(database.owner.execute(sql`delete from usage_window`)).rejects.toThrow();
    await expect(
      database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, quantity, started_at, ended_at, closed_at, created_at)
        select 'usw_double', organization_id, meter, resource_id, instance_id, flavor_id, 1, started_at, ended_at, ended_at, created_at from usage_window where resource_id = 'ins_m1'`),
    ).rejects.toThrow();
  });

  it("of disks and addresses follow our own records of them", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_m6", instanceId: "ins_m6", at: at(0) });
    await database.owner.execute(sql`insert into volume (id, organization_id, instance_id, pool_id, name, kind, format, size_gib, state, present_since, created_at)
      values ('vol_m6', 'org_m6', 'ins_m6', 'stp_x', 'm6', 'root', 'qcow2', 10, 'present', ${at(3).toISOString()}, ${at(0).toISOString()})`);
    const held = (second: number) => inTransaction(context(), (tx) => meterHeldResources(tx, context(), at(second)));
    await held(10);
    await held(10);
    await database.owner.execute(sql`update volume set size_gib = 20 where id = 'vol_m6'`);
    await held(20);
    await held(30);
    await database.owner.execute(sql`update volume set removed_at = ${at(35).toISOString()} where id = 'vol_m6'`);
    await held(40);
    await held(50);
    expect((await windows("org_m6")).map(([meterName, from, to, why]) => [meterName, from, to, why])).toEqual([["storage", 3, 20, "resized"], ["storage", 20, 35, "deleted"]]);
  });

  it("sum by the organization's calendar day, across its midnight", async () => {
    // 2026-01-31T14:59Z is 23:59 in Tokyo: the first minute is of January, the rest of February.
    const days = await inTransaction(context(), (tx) => summarizeUsage(tx, "org_m3", { from: at(-3600), to: at(3600), timeZone: "Asia/Tokyo" }));
    expect(days).toEqual([{ day: "2026-01-31", meter: "instance", unitMs: 11_000 }]);
    await insertInstanceRows(database.owner, { organizationId: "org_m7", instanceId: "ins_m7", at: at(0) });
    await meter(seen("h7", 90, null, run("ins_m7", 0)));
    expect(await inTransaction(context(), (tx) => summarizeUsage(tx, "org_m7", { from: at(0), to: at(3600), timeZone: "Asia/Tokyo" }))).toEqual([
      { day: "2026-01-31", meter: "instance", unitMs: 60_000 },
      { day: "2026-02-01", meter: "instance", unitMs: 30_000 },
    ]);
  });
});

describe("a random life", () => {
  it("is billed to within one observation per run and never beyond, with any observation lost", async () => {
    const random = seededRandom(7);
    const runs: { from: number; to: number }[] = [];
    await insertInstanceRows(database.owner, { organizationId: "org_life", instanceId: "ins_life", at: at(0) });
    let second = 1;
    let current: { from: number; host: string } | null = null;
    const answered = new Map<string, number>();
    for (let step = 0; step < 150; step++, second++) {
      const dice = random.float();
      if (!current && dice < 0.3) current = { from: second, host: `life${Math.floor(random.float() * 3)}` };
      else if (current && dice < 0.1) {
        runs.push({ from: current.from, to: second });
        current = null;
      }
      if (random.float() < 0.2) continue;
      const facts = ["life0", "life1", "life2"].map((host) => {
        const fact = seen(host, second, answered.get(host) ?? null, ...(current?.host === host ? [run("ins_life", current.from)] : []));
        answered.set(host, second);
        return fact;
      });
      await meter(...facts);
    }
    if (current) runs.push({ from: current.from, to: second });
    const billed = (await windows("org_life")).map(([, from, to]) => ({ from: Number(from), to: Number(to) }));
    expect(runs.length).toBeGreaterThan(5);
    for (const window of billed) {
      const real = runs.find((candidate) => candidate.from === window.from);
      expect(real, `a window from ${window.from} has no run`).toBeDefined();
      expect(window.to).toBeLessThanOrEqual(real!.to);
    }
    const total = (list: { from: number; to: number }[]): number => list.reduce((sum, item) => sum + item.to - item.from, 0);
    // Observations come every second and one in five is lost; five lost in a row bound the difference of a run.
    expect(total(runs) - total(billed)).toBeLessThanOrEqual(runs.length * 5);
    expect(total(runs) - total(billed)).toBeGreaterThanOrEqual(0);
  });
});

describe("samples", () => {
  it("are rates between two readings, one a minute, and start anew with a new run", async () => {
    await insertInstanceRows(database.owner, { organizationId: "org_s", instanceId: "ins_s", at: at(0) });
    const reading = (second: number, epoch: number, cpuSeconds: number) => ({
      instanceId: "ins_s", organizationId: "org_s", at: at(second), epoch, cpuTimeNs: BigInt(cpuSeconds * 1e9), cpuDelayNs: 0n, memoryUsedMiB: 100,
      diskReadBytes: 0n, diskWrittenBytes: BigInt(cpuSeconds * 1000), netReceivedBytes: 0n, netSentBytes: 0n,
    });
    for (const [second, epoch, cpu] of [[0, 1, 0], [60, 1, 30], [60, 1, 30], [120, 2, 1], [180, 2, 61]] as const) {
      await inTransaction(context(), (tx) => recordSamples(tx, [reading(second, epoch, cpu)]));
    }
    const rows = await inTransaction(context(), (tx) => listSamples(tx, "org_s", { instanceId: "ins_s", from: at(-3600), to: at(3600) }));
    expect(rows.map((row) => [row.cpuMillicores, row.diskWrittenBytesPerSecond])).toEqual([[500, 500], [1000, 1000]]);
  });
});
