import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Tenant, World } from "./world";

const fresh = (prefix: string): string => `${prefix}_${Array.from(randomBytes(26), (byte) => "0123456789abcdefghjkmnpqrstvwxyz"[byte & 31]).join("")}`;

/** A golden image whose version is in a given state. */
export async function addGoldenVersion(world: World, tenant: Tenant, state: "checked" | "published" = "published"): Promise<{ readonly goldenImageId: string; readonly versionId: string }> {
  const goldenImageId = fresh("gim");
  const versionId = fresh("giv");
  const { owner } = world.database;
  await owner.execute(sql`insert into golden_image (id, organization_id, name, created_at, created_by) values (${goldenImageId}, ${tenant.id}, ${goldenImageId}, now(), 'test')`);
  await owner.execute(sql`insert into golden_version (id, organization_id, golden_image_id, number, image_id, state, created_at, created_by, screenshot) values (${versionId}, ${tenant.id}, ${goldenImageId}, 1, ${world.publicImageId}, ${state}, now(), 'test', 'aGVsbG8=')`);
  return { goldenImageId, versionId };
}

/** A pool that everybody in the organization has a right to, with one desktop that runs on a machine of its own. */
export async function addDesktopPool(world: World, tenant: Tenant) {
  const golden = await addGoldenVersion(world, tenant);
  const { owner } = world.database;
  const poolId = fresh("dpl");
  const desktopId = fresh("dsk");
  const assignmentId = fresh("das");
  const instanceId = await world.addInstance(tenant);
  await owner.execute(sql`
    insert into desktop_pool (id, organization_id, cluster_id, name, kind, golden_image_id, version_id, flavor_id, maximum, next_number, created_at, created_by, updated_at)
    values (${poolId}, ${tenant.id}, ${world.clusterId}, ${`p${poolId.slice(-12)}`}, 'floating', ${golden.goldenImageId}, ${golden.versionId}, ${world.flavorId}, 100, 2, now(), 'test', now())`);
  await owner.execute(sql`insert into desktop (id, organization_id, pool_id, number, instance_id, version_id, state, state_changed_at, created_at) values (${desktopId}, ${tenant.id}, ${poolId}, 1, ${instanceId}, ${golden.versionId}, 'ready', now(), now())`);
  await owner.execute(sql`insert into desktop_assignment (id, organization_id, pool_id, email, created_at, created_by) values (${assignmentId}, ${tenant.id}, ${poolId}, null, now(), 'test')`);
  return { ...golden, poolId, desktopId, assignmentId, instanceId };
}

/** A session that is open for a person of the organization; its desktop is theirs. */
export async function addDesktopSession(world: World, tenant: Tenant, userId: string) {
  const pool = await addDesktopPool(world, tenant);
  const sessionId = fresh("dse");
  const { owner } = world.database;
  await owner.execute(sql`update desktop set state = 'in-session', assigned_user_id = ${userId}, used_by_user_id = ${userId} where id = ${pool.desktopId}`);
  await owner.execute(sql`insert into desktop_session (id, organization_id, pool_id, user_id, desktop_id, given, asked_at, ready_at) values (${sessionId}, ${tenant.id}, ${pool.poolId}, ${userId}, ${pool.desktopId}, 'running', now(), now())`);
  return { ...pool, sessionId };
}

/** A group with one person in it. */
export async function addDesktopGroup(world: World, tenant: Tenant): Promise<string> {
  const groupId = fresh("dgr");
  const { owner } = world.database;
  await owner.execute(sql`insert into desktop_group (id, organization_id, name, created_at, created_by) values (${groupId}, ${tenant.id}, ${groupId}, now(), 'test')`);
  await owner.execute(sql`insert into desktop_group_member (organization_id, group_id, email, created_at, created_by) values (${tenant.id}, ${groupId}, 'first@world.test', now(), 'test')`);
  return groupId;
}
