import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBreakdown, readHeldCosts } from "@/server/billing";
import { advanceDesktop, endDesktopSession, listDesktopWork, listHoldings, openDesktop, resetDesktop, sumCosts } from "@/server/desktop";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addDesktopPool } from "../../support/desktops";
import { createWorld, type Tenant, type World } from "../../support/world";

let database: TestDatabase;
let world: World;
let acme: Tenant;
let admin: Context;
const HOUR_MS = 3_600_000;
/** A month that is over, so that nothing grows while the test looks. */
const AT = new Date("2026-03-15T12:00:00Z");
const on = (text: string): Date => new Date(`2026-03-${text}Z`);

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database, { logger: silentLogger });
  acme = world.acme;
  admin = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: acme.people.admin.id } });
  const [{ currency } = { currency: "" }] = (await database.owner.execute<{ currency: string }>(sql`select currency from organization where id = ${acme.id}`)).rows;
  for (const [meter, micros, flavorId] of [["instance", 7_000_003, world.flavorId], ["storage", 14_001, null]] as const) {
    await database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) values (${`prv_${randomBytes(8).toString("hex")}`}, ${meter}, ${flavorId}, ${currency}, ${micros}, '2026-01-01', now(), 'test')`);
  }
});
afterAll(() => database.close());

async function used(instanceId: string, meter: "instance" | "storage", quantity: number, from: Date, to: Date): Promise<void> {
  await database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, quantity, started_at, ended_at, closed_at, closed_reason, created_at)
    values (${`usw_${randomBytes(13).toString("hex")}`}, ${acme.id}, ${meter}, ${`${meter}-${instanceId}`}, ${instanceId}, ${meter === "instance" ? world.flavorId : null}, ${quantity}, ${from.toISOString()}, ${to.toISOString()}, ${to.toISOString()}, 'stopped', now())`);
}
async function held(desktopId: string, userId: string, from: Date, to: Date | null): Promise<void> {
  await database.owner.execute(sql`insert into desktop_holding (organization_id, desktop_id, user_id, started_at, ended_at) values (${acme.id}, ${desktopId}, ${userId}, ${from.toISOString()}, ${to?.toISOString() ?? null})`);
}
const instanceOf = async (desktopId: string): Promise<string> => (await database.owner.execute<{ id: string }>(sql`select instance_id as id from desktop where id = ${desktopId}`)).rows[0]!.id;

async function costs(): Promise<ReturnType<typeof sumCosts>> {
  const known = await listHoldings(admin, { at: AT });
  const { rows } = await readHeldCosts(admin, { organizationId: acme.id, at: AT, instanceIds: known.machines.map(({ instanceId }) => instanceId), holdings: known.holdings });
  return sumCosts(known, rows);
}

describe("what desktops cost", () => {
  it("is split to the second among those who had them, and is the bill's own sum", async () => {
    const pool = await addDesktopPool(world, acme);
    const instanceId = await instanceOf(pool.desktopId);
    const [ann, bob] = [acme.people.viewer.id, acme.people.operator.id];
    // It runs from 08:00 to 10:30, is put aside until 12:00, and runs until 13:00; its disk is there all day.
    await used(instanceId, "instance", 1, on("10T08:00:00"), on("10T10:30:00"));
    await used(instanceId, "instance", 1, on("10T12:00:00"), on("10T13:00:00"));
    await used(instanceId, "storage", 20, on("10T00:00:00"), on("11T00:00:00"));
    await held(pool.desktopId, ann, on("10T09:00:01"), on("10T10:00:00"));
    await held(pool.desktopId, bob, on("10T10:00:07"), on("10T12:30:00"));
    const { people, pools, total } = await costs();
    const of = (userId: string | null) => people.find((row) => row.poolId === pool.poolId && row.userId === userId)!;
    expect(of(ann).runningMs).toBe(HOUR_MS - 1_000);
    expect(of(ann).storageGiBMs).toBe(20 * (HOUR_MS - 1_000));
    // Half an hour before it was put aside, half an hour after; asleep it took storage only.
    expect(of(bob).runningMs).toBe(30 * 60_000 - 7_000 + 30 * 60_000);
    expect(of(bob).storageGiBMs).toBe(20 * (2.5 * HOUR_MS - 7_000));
    expect(of(null).runningMs).toBe(HOUR_MS + 1_000 + 7_000 + 30 * 60_000);
    expect(of(null).storageGiBMs).toBe(20 * 24 * HOUR_MS - of(ann).storageGiBMs - of(bob).storageGiBMs);
    expect(of(ann).runningMicros).toBeCloseTo((7_000_003 * (HOUR_MS - 1_000)) / HOUR_MS, -1);
    const bill = (await readBreakdown(admin, { organizationId: acme.id, at: AT })).instances.find((row) => row.instanceId === instanceId)!;
    expect(people.filter((row) => row.poolId === pool.poolId).reduce((sum, row) => sum + row.amountMicros, 0)).toBe(bill.amountMicros);
    expect(pools.find((row) => row.poolId === pool.poolId)).toMatchObject({ amountMicros: bill.amountMicros, people: 2 });
    expect(total.amountMicros).toBe(pools.reduce((sum, row) => sum + row.amountMicros, 0));
  });

  it("leaves out machines that are no desktops", async () => {
    const before = await costs();
    await used(await world.addInstance(acme), "instance", 1, on("12T08:00:00"), on("12T09:00:00"));
    expect((await costs()).total).toEqual(before.total);
  });

  it("is somebody's from the moment that a desktop is given until it is taken back to be made anew", async () => {
    const pool = await addDesktopPool(world, acme);
    let nowMs = Date.parse("2026-06-01T08:00:00Z");
    const clock = { ...systemClock, nowMs: () => nowMs, now: () => new Date(nowMs) };
    const person: Context = { ...testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: acme.people.viewer.id } }), clock };
    const holdings = async () => (await database.owner.execute<{ user_id: string; started_at: string; ended_at: string | null }>(sql`select user_id, started_at, ended_at from desktop_holding where desktop_id = ${pool.desktopId} order by started_at`)).rows.map((row) => [row.user_id, new Date(row.started_at).getTime(), row.ended_at === null ? null : new Date(row.ended_at).getTime()]);
    const givenAt = nowMs;
    const { sessionId } = await openDesktop(person, { poolId: pool.poolId });
    await openDesktop(person, { poolId: pool.poolId });
    expect(await holdings()).toEqual([[acme.people.viewer.id, givenAt, null]]);
    nowMs += 90_000;
    await endDesktopSession({ ...admin, clock }, { sessionId });
    // Until the loop comes it is theirs still: nobody else can have it.
    nowMs += 3_000;
    const worker: Context = { ...testContext(database.worker), clock };
    const [work] = await inTransaction(worker, (tx) => listDesktopWork(tx, worker, [pool.poolId]));
    await advanceDesktop(worker, work!, { kind: "begin-reset", reason: "session-over" });
    expect(await holdings()).toEqual([[acme.people.viewer.id, givenAt, givenAt + 93_000]]);
  });

  it("ends with a reset by hand", async () => {
    const pool = await addDesktopPool(world, acme);
    await database.owner.execute(sql`update desktop_pool set kind = 'persistent' where id = ${pool.poolId}`);
    const person = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: acme.people.viewer.id } });
    await openDesktop(person, { poolId: pool.poolId });
    await resetDesktop(admin, { desktopId: pool.desktopId });
    expect((await database.owner.execute(sql`select 1 from desktop_holding where desktop_id = ${pool.desktopId} and ended_at is null`)).rows).toEqual([]);
    expect((await database.owner.execute(sql`select 1 from desktop_holding where desktop_id = ${pool.desktopId}`)).rows).toHaveLength(1);
  });
});
