import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { learnedReady, readWantedReady, surplus, wakeable, type DesktopWork, type PoolRow } from "@/server/desktop";
import { systemClock } from "@/server/platform/clock";
import { silentLogger } from "@/server/platform/logger";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addDesktopPool } from "../../support/desktops";
import { createWorld, type World } from "../../support/world";

const ZONE = "Asia/Tokyo";
const DAY_MS = 86_400_000;
/** Tuesday, 9 June 2026, 08:50 in Tokyo: no holiday. */
const TUESDAY = new Date("2026-06-08T23:50:00Z");
const LONG_AGO = new Date("2026-01-01T00:00:00Z");
const dayBefore = (days: number, now = TUESDAY): string => new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(now.getTime() - days * DAY_MS);

describe("what past log-ons tell", () => {
  it("is the second busiest of the last six days of the same weekday, and other weekdays do not count", () => {
    const logOns = new Map([[dayBefore(7), 30], [dayBefore(14), 32], [dayBefore(21), 31], [dayBefore(28), 29], [dayBefore(35), 250], [dayBefore(42), 28], [dayBefore(49), 400], [dayBefore(1), 90], [dayBefore(2), 90]]);
    expect(learnedReady({ now: TUESDAY, since: LONG_AGO, timeZone: ZONE, logOns })).toBe(32);
  });

  it("has a weekday on which nobody comes stay empty, however busy the others are", () => {
    const sunday = new Date("2026-06-06T23:50:00Z");
    const logOns = new Map(Array.from({ length: 56 }, (_, back) => [dayBefore(back + 1, sunday), 100] as const).filter((_, back) => (back + 1) % 7 !== 0));
    expect(learnedReady({ now: sunday, since: LONG_AGO, timeZone: ZONE, logOns })).toBe(0);
  });

  it("takes a public holiday for a holiday and not for its weekday", () => {
    // Marine Day, Monday 20 July 2026; eight Mondays before it were busy, no holiday in them.
    const marineDay = new Date("2026-07-19T23:50:00Z");
    const mondays = new Map(Array.from({ length: 8 }, (_, week) => [dayBefore(7 * (week + 1), marineDay), 80] as const));
    expect(learnedReady({ now: marineDay, since: LONG_AGO, timeZone: ZONE, logOns: mondays })).toBe(0);
    expect(learnedReady({ now: new Date(marineDay.getTime() + 7 * DAY_MS), since: LONG_AGO, timeZone: ZONE, logOns: new Map(Array.from({ length: 8 }, (_, week) => [dayBefore(7 * (week + 1), new Date(marineDay.getTime() + 7 * DAY_MS)), 80] as const)) })).toBe(80);
  });

  it("is nothing while the pool is young, and other working days while the weekday is", () => {
    const logOns = new Map([1, 4, 5, 6, 7].map((back) => [dayBefore(back), 20] as const));
    expect(learnedReady({ now: TUESDAY, since: new Date(TUESDAY.getTime() - 1.5 * DAY_MS), timeZone: ZONE, logOns })).toBe(0);
    expect(learnedReady({ now: TUESDAY, since: new Date(TUESDAY.getTime() - 7.5 * DAY_MS), timeZone: ZONE, logOns })).toBe(20);
  });
});

describe("from the sessions that there were", () => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase();
    world = await createWorld(database, { logger: silentLogger });
  });
  afterAll(() => database.close());

  it("counts those of the coming quarter of an hour in the organization's zone, and never asks for more than the pool may have", async () => {
    const { poolId } = await addDesktopPool(world, world.acme);
    await database.owner.execute(sql`update desktop_pool set created_at = ${LONG_AGO.toISOString()}, learns_ready = true, maximum = 40 where id = ${poolId}`);
    // Four Tuesdays: 12 at 08:55, 5 at 09:04, 20 at 09:05 and 30 at 08:49, which are outside.
    for (let week = 1; week <= 4; week++) {
      for (const [minutes, people] of [[5, 12], [14, 5], [15, 20], [-1, 30]] as const) {
        const at = new Date(TUESDAY.getTime() - week * 7 * DAY_MS + minutes * 60_000);
        await database.owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, user_id, given, asked_at, ended_at) select 'dse_' || ${`${week}${minutes}`} || n, ${world.acme.id}, ${poolId}, 'usr_' || n, 'running', ${at.toISOString()}, ${at.toISOString()} from generate_series(1, ${people}::int) n`);
      }
    }
    const context = { ...testContext(database.worker), clock: { ...systemClock, nowMs: () => TUESDAY.getTime(), now: () => TUESDAY } };
    const pool = async (): Promise<PoolRow> => {
      const [row] = (await database.owner.execute<Record<string, unknown>>(sql`select * from desktop_pool where id = ${poolId}`)).rows;
      return { id: poolId, organizationId: world.acme.id, minimumReady: Number(row!["minimum_ready"]), maximum: Number(row!["maximum"]), schedules: [], learnsReady: row!["learns_ready"], createdAt: LONG_AGO } as unknown as PoolRow;
    };
    expect(await readWantedReady(context, await pool(), ZONE)).toBe(17);
    await database.owner.execute(sql`update desktop_pool set maximum = 9 where id = ${poolId}`);
    expect(await readWantedReady(context, await pool(), ZONE)).toBe(9);
    await database.owner.execute(sql`update desktop_pool set learns_ready = false where id = ${poolId}`);
    expect(await readWantedReady(context, await pool(), ZONE)).toBe(0);
  });
});

describe("who is woken ahead and who is put aside", () => {
  const one = (number: number, state: string, more: Partial<{ assigned: string; used: string; wish: string; unusedMinutes: number }> = {}): DesktopWork =>
    ({
      desktop: { number, state, assignedUserId: more.assigned ?? null, usedByUserId: more.used ?? null, unusedSince: new Date(TUESDAY.getTime() - (more.unusedMinutes ?? 0) * 60_000) },
      pool: { idleMinutes: 30 }, session: null, instance: { desiredPower: more.wish ?? (state === "suspended" ? "suspended" : "running"), state: state === "suspended" ? "stopped" : "running" },
    }) as unknown as DesktopWork;
  const numbers = (work: readonly DesktopWork[]): number[] => work.map(({ desktop }) => desktop.number);

  it("wakes as many free ones as are missing, the lowest number first, and nobody's own", () => {
    const work = [one(1, "ready"), one(5, "suspended"), one(3, "suspended"), one(4, "suspended"), one(2, "suspended", { assigned: "usr_ann", used: "usr_ann" }), one(6, "resetting")];
    expect(numbers(wakeable(work, 4))).toEqual([3, 4]);
    expect(numbers(wakeable(work, 2))).toEqual([]);
    // One that is on its way up counts, and is not asked again.
    expect(numbers(wakeable([...work, one(7, "suspended", { wish: "running" })], 4))).toEqual([3]);
  });

  it("puts aside what is more than wanted and was not used for the idle time", () => {
    const work = [one(1, "ready", { unusedMinutes: 40 }), one(2, "ready", { unusedMinutes: 35 }), one(3, "ready", { unusedMinutes: 5 })];
    expect(numbers(surplus(work, 1, TUESDAY.getTime()))).toEqual([1, 2]);
    expect(numbers(surplus(work, 3, TUESDAY.getTime()))).toEqual([]);
  });
});
