import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBudget, removeBudget, setBudget, watchBudgets } from "@/server/billing";
import { planCap } from "@/server/billing/budget/rules";
import { startInstance } from "@/server/compute";
import { VirtualClock } from "@/server/platform/clock";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addPrices } from "./fixture";

let database: TestDatabase;
let flavorId: string;
const NOW = new Date("2026-03-10T00:00:00Z");
const HOUR = 3_600_000;
/** Yen an hour of the flavor. */
const RATE = 100;
const MACHINES = 200;
beforeAll(async () => {
  database = await createTestDatabase();
  flavorId = await addPrices(database, { instanceMicros: RATE * 1_000_000 });
  await database.owner.execute(sql`insert into organization (id, slug, name, currency, created_at) values ('org_cap', 'cap', 'Cap', 'JPY', '2026-03-01')`);
  await database.owner.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, created_at) values ('cls_cap', 'cap', 'simulated', 'qemu64', '2026-03-01')`);
  await database.owner.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, status, created_at, created_by) values ('img_cap', 'cap', 'disk', 'base', 'qcow2', 64, 1, '00', 'available', '2026-03-01', 'test')`);
  await database.owner.execute(sql`insert into user_account (id, email, name, created_at) values ('usr_cap', 'money@cap.test', 'Money', '2026-03-01')`);
  await database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values ('org_cap', 'usr_cap', 'billing', '2026-03-01')`);
  await database.owner.execute(sql`insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
    select 'ins_cap' || n, 'org_cap', 'cls_cap', 'cap-' || n, ${flavorId}, 'img_cap', gen_random_uuid()::text, 1, 512, 10, 'stopped', 'test', '2026-03-01', '2026-03-01' from generate_series(1, ${MACHINES}) n`);
  await database.owner.execute(sql`insert into instance_observation (instance_id, organization_id, state, vcpus, memory_mib, observed_at) select id, organization_id, 'stopped', 1, 512, '2026-03-01' from instance`);
  await database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, class, quantity, started_at, ended_at, closed_at, closed_reason, created_at) values ('usw_cap', 'org_cap', 'instance', 'ins_old', 'ins_old', ${flavorId}, 'standard', 1, '2026-03-05', '2026-03-08', '2026-03-08', 'stopped', '2026-03-05')`);
});
afterAll(() => database.close());

const clock = new VirtualClock(NOW.getTime());
const worker = () => testContext(database.worker, { clock });
const tenant = () => testContext(database.app, { clock, scope: "tenant", organizationId: "org_cap", actor: { kind: "user", id: "usr_cap" } });
const running = async () => (await database.owner.execute<{ id: string }>(sql`select id from instance where desired_power = 'running' order by id`)).rows.map((row) => row.id);
const cap = async () => (await readBudget(tenant(), { organizationId: "org_cap" })).cap!;

describe("a hard cap on spending", () => {
  it("lets exactly as many of 200 parallel starts pass as one reservation window each has room for", async () => {
    // 72 hours are spent: 7200. Room for 7 windows of an hour and a half one.
    await setBudget(tenant(), { organizationId: "org_cap", amountMinor: 7_200 + 7 * RATE + RATE / 2, hardCap: true, thresholdsPercent: [50, 100] });
    const tries = await Promise.allSettled(Array.from({ length: MACHINES }, (_, index) => startInstance(tenant(), { instanceId: `ins_cap${index + 1}` })));
    expect(tries.filter((one) => one.status === "fulfilled")).toHaveLength(7);
    expect(await running()).toHaveLength(7);
    expect(await cap()).toMatchObject({ spentMicros: 7_200_000_000, reservedMicros: 7 * RATE * 1_000_000 });
    // By no other path either: not by a plain statement of the worker.
    await expect(database.worker.execute(sql`update instance set desired_power = 'running' where id = (select id from instance where desired_power = 'stopped' limit 1)`)).rejects.toThrow();
    expect(await running()).toHaveLength(7);
  });

  it("runs what is paid for to the end of its window, stops it there with its data kept, and never spends more than the cap", async () => {
    const meter = async (): Promise<void> => {
      for (const id of await running()) {
        await database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, class, quantity, started_at, ended_at, created_at) values (${`usw_${id}`}, 'org_cap', 'instance', ${id}, ${id}, ${flavorId}, 'standard', 1, ${NOW.toISOString()}, ${clock.now().toISOString()}, ${NOW.toISOString()})
          on conflict (id) do update set ended_at = excluded.ended_at`);
      }
    };
    let stoppedAfterMinutes: number | null = null;
    // By the quarter of an hour while nothing can happen, by the minute around the end of the windows.
    let past = 0;
    for (const minutes of [5, 20, 35, 50, 54, 55, 56, 57, 58, 59, 60, 75, 90]) {
      await clock.advance((minutes - past) * 60_000);
      past = minutes;
      await meter();
      await watchBudgets(worker());
      if (stoppedAfterMinutes === null && (await running()).length === 0) stoppedAfterMinutes = minutes;
    }
    expect(stoppedAfterMinutes).toBeGreaterThanOrEqual(57);
    expect(stoppedAfterMinutes).toBeLessThanOrEqual(60);
    expect((await cap()).spentMicros).toBeLessThanOrEqual((await cap()).capMicros);
    const kept = await database.owner.execute(sql`select 1 from instance where power_decided_by = 'cap' and deleted_at is null and purged_at is null`);
    expect(kept.rows).toHaveLength(7);
  });

  it("tells once a threshold, and starts again what only the cap stopped when there is room", async () => {
    await watchBudgets(worker());
    const mails = await database.owner.execute<{ payload: { to: string; subject: string } }>(sql`select payload from outbox where topic = 'mail' order by id`);
    expect(mails.rows.map((row) => [row.payload.to, row.payload.subject])).toEqual([["money@cap.test", "50 % of your budget is used"]]);
    await setBudget(tenant(), { organizationId: "org_cap", amountMinor: 8_000 + 3 * RATE, hardCap: true });
    await watchBudgets(worker());
    expect(await running()).toHaveLength(4);
    await removeBudget(tenant(), { organizationId: "org_cap" });
    expect(await running()).toHaveLength(7);
    await expect(setBudget(tenant(), { organizationId: "org_cap", amountMinor: -5, hardCap: true })).rejects.toThrow();
    expect((await readBudget(tenant(), { organizationId: "org_cap" })).budget).toBeNull();
  });

  it("plans so that what is spent and held fits, whatever runs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ microsPerHour: fc.integer({ min: 0, max: 10_000_000 }), left: fc.option(fc.integer({ min: 0, max: HOUR })) }), { maxLength: 30 }), fc.integer({ min: 1, max: 100_000_000 }), fc.integer({ min: 0, max: 100_000_000 }),
        (list, capMicros, spent) => {
          const held = list.map((one, index) => ({ instanceId: `i${index}`, microsPerHour: one.microsPerHour, heldUntilMs: one.left === null ? null : 1_000 + one.left }));
          const before = held.reduce((sum, one) => sum + BigInt(Math.ceil((one.microsPerHour * ((one.heldUntilMs ?? 1_000) - 1_000)) / HOUR)), 0n);
          const plan = planCap({ capMicros: BigInt(capMicros), spentMicros: BigInt(spent), nowMs: 1_000, running: held });
          expect(plan.reservedMicros).toBe(plan.holds.reduce((sum, hold) => sum + hold.amountMicros, 0n));
          // Nothing is renewed beyond the cap; what was held before may be over it, after the cap was lowered.
          expect(plan.reservedMicros <= before || BigInt(spent) + plan.reservedMicros <= BigInt(capMicros)).toBe(true);
        },
      ),
    );
  });
});
