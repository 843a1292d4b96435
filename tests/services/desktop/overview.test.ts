import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readOverview, reportSession } from "@/server/desktop";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addDesktopPool, addDesktopSession } from "../../support/desktops";
import { createWorld, type World } from "../../support/world";

let database: TestDatabase;
let world: World;
let provider: Context;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database, { logger: silentLogger });
  provider = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_operator" } });
});
afterAll(() => database.close());

it("has the waits by what was given, of the asked hours alone, over all organizations", async () => {
  const pools = [await addDesktopPool(world, world.acme), await addDesktopPool(world, world.globex)];
  const organizations = [world.acme.id, world.globex.id];
  // Nineteen took a second, one twenty; and one of the day before yesterday an hour.
  for (let index = 0; index < 21; index++) {
    const at = index === 20 ? "2 days" : "10 minutes";
    const seconds = index === 19 ? 20 : index === 20 ? 3_600 : 1;
    await database.owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, user_id, given, asked_at, ready_at, ended_at)
      select ${`dse_resumed${index}`}, ${organizations[index % 2]}, ${pools[index % 2]!.poolId}, ${`usr_${index}`}, 'resuming', t, t + ${`${seconds} seconds`}::interval, now() from (select now() - ${at}::interval as t) moment`);
  }
  const day = await readOverview(provider, { hours: 24 });
  expect(day.waits).toEqual([{ given: "resuming", spread: { count: 20, p50: 1_000, p95: expect.closeTo(1_950, -1) as number } }]);
  expect((await readOverview(provider, { hours: 72 })).waits[0]!.spread.count).toBe(21);
  expect(day.storm.minutes.reduce((sum, { asked }) => sum + asked, 0)).toBe(20);
  expect(day.pools.map(({ organizationId }) => organizationId)).toEqual(expect.arrayContaining(organizations));
  expect(day.factory.map(({ versionId }) => versionId)).toEqual(expect.arrayContaining(pools.map(({ versionId }) => versionId)));
});

it("counts who waits, which starts wait for a host, and which were admitted, and what stands on each host", async () => {
  const before = await readOverview(provider, { hours: 24 });
  const pool = await addDesktopPool(world, world.acme);
  const [{ id: instanceId } = { id: "" }] = (await database.owner.execute<{ id: string }>(sql`select instance_id as id from desktop where id = ${pool.desktopId}`)).rows;
  await database.owner.execute(sql`update instance set desired_power = 'running' where id = ${instanceId}`);
  await database.owner.execute(sql`delete from allocation where instance_id = ${instanceId}`);
  await database.owner.execute(sql`update instance_observation set state = 'absent' where instance_id = ${instanceId}`);
  await database.owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, user_id, given, asked_at) values ('dse_queued', ${world.acme.id}, ${pool.poolId}, 'usr_q', 'queued', now())`);
  const waiting = (await readOverview(provider, { hours: 24 })).storm;
  expect([waiting.queued - before.storm.queued, waiting.waiting - before.storm.waiting]).toEqual([1, 1]);
  const hostId = await world.addHost();
  await database.owner.execute(sql`insert into allocation (instance_id, cluster_id, host_id, epoch, vcpus, memory_mib, cpu_reservation_millicores, memory_reservation_mib, decision_id, decided_at) values (${instanceId}, ${world.clusterId}, ${hostId}, 1, 1, 512, 0, 512, 'dec_test', now())`);
  const placed = await readOverview(provider, { hours: 24 });
  expect([placed.storm.waiting - before.storm.waiting, placed.storm.admitted - before.storm.admitted]).toEqual([0, 1]);
  expect(placed.hosts.find((host) => host.hostId === hostId)).toMatchObject({ desktops: 1, inSession: 0, desktopMemoryMiB: 512 });
});

it("has what a person's page measured, once a session and of their own alone", async () => {
  const viewer = world.acme.people.viewer.id;
  const { sessionId } = await addDesktopSession(world, world.acme, viewer);
  const as = (id: string): Context => testContext(database.app, { scope: "tenant", organizationId: world.acme.id, actor: { kind: "user", id } });
  await expect(reportSession(as(world.acme.people.admin.id), { sessionId, connectMs: 1, latencyMs: 1 })).rejects.toMatchObject({ code: "not-found" });
  await reportSession(as(viewer), { sessionId, connectMs: 240, latencyMs: 31 });
  await reportSession(as(viewer), { sessionId, connectMs: 9_000, latencyMs: 9_000 });
  const { connectMs, latencyMs } = await readOverview(provider, { hours: 24 });
  expect([connectMs, latencyMs]).toEqual([{ count: 1, p50: 240, p95: 240 }, { count: 1, p50: 31, p95: 31 }]);
});

it("is not for tenants", async () => {
  const tenant = testContext(database.app, { scope: "tenant", organizationId: world.acme.id, actor: { kind: "user", id: world.acme.people.admin.id } });
  await expect(readOverview(tenant, { hours: 1 })).rejects.toThrow();
});
