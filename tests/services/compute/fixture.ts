import { sql } from "drizzle-orm";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { createQuota, readQuota, RESOURCES } from "@/server/quota";
import { testContext, type TestDatabase } from "@/tests/support/database";

/** What a test organization may have, unless the test says less. */
const AMPLE = { instances: 1000, vcpus: 10_000, memoryMiB: 10_000_000, storageGiB: 1_000_000, publicAddresses: 10, snapshots: 10 };

export interface Offer {
  readonly clusterId: string;
  readonly networkId: string;
  readonly poolId: string;
  readonly small: string;
  readonly large: string;
  readonly dedicated: string;
  readonly imageId: string;
  readonly bigImageId: string;
}

/** A cluster with a network and a pool, three flavors and two images; written plainly, so that a test of verbs depends on no other verb. */
export async function makeOffer(database: TestDatabase, options: { readonly firstAddress?: string; readonly lastAddress?: string } = {}): Promise<Offer> {
  const first = options.firstAddress ?? "10.20.0.10";
  const last = options.lastAddress ?? "10.20.255.250";
  await database.worker.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, created_at) values ('cls_1', 'one', 'simulated', 'qemu64', now())`);
  await database.worker.execute(sql`insert into storage_pool (id, cluster_id, name, path, capacity_mib, available_mib, observed_at) values ('stp_1', 'cls_1', 'shared', '/pool', 1000000, 900000, now())`);
  await database.worker.execute(sql`insert into network (id, cluster_id, name, cidr, gateway, first_address, last_address, bridge, dns_servers, created_at)
    values ('net_1', 'cls_1', 'shared', '10.20.0.0/16', '10.20.0.1', ${first}, ${last}, 'br0', '["10.20.0.2"]', now())`);
  await database.worker.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at) values
    ('flv_small', 'small', 'standard', 1, 512, 4, 250, 512, now()), ('flv_large', 'large', 'standard', 4, 4096, 20, 1000, 4096, now()),
    ('flv_dedicated', 'dedicated', 'dedicated', 2, 1024, 10, 2000, 1024, now())`);
  await database.worker.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, on_sale, created_at) values ('flv_old', 'old', 'standard', 1, 512, 4, 0, 512, false, now())`);
  await database.worker.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, minimum_memory_mib, status, created_at, created_by) values
    ('img_tiny', 'Tiny', 'disk', 'tiny.qcow2', 'qcow2', 64, 1000, 'x', 64, 'available', now(), 'test'), ('img_big', 'Big', 'disk', 'big.qcow2', 'qcow2', 10240, 1000, 'x', 2048, 'available', now(), 'test'),
    ('img_bad', 'Bad', 'disk', 'bad.qcow2', 'qcow2', 64, 1000, 'x', 64, 'failed', now(), 'test')`);
  return { clusterId: "cls_1", networkId: "net_1", poolId: "stp_1", small: "flv_small", large: "flv_large", dedicated: "flv_dedicated", imageId: "img_tiny", bigImageId: "img_big" };
}

let organizations = 0;

/** An organization with a quota, and the context of one of its members. */
export async function makeTenant(database: TestDatabase, limits: Partial<Record<(typeof RESOURCES)[number], number>> = {}): Promise<Context & { readonly organizationId: string }> {
  const organizationId = `org_${++organizations}`;
  await database.worker.execute(sql`insert into organization (id, slug, name, created_at) values (${organizationId}, ${`o${organizations}`}, ${organizationId}, now())`);
  const worker = testContext(database.worker);
  await inTransaction(worker, (tx) => createQuota(tx, worker, { organizationId, limits: { ...AMPLE, ...limits } }));
  return { ...testContext(database.app, { scope: "tenant", organizationId, actor: { kind: "user", id: "usr_test" } }), organizationId };
}

/** The problem that a promise is refused with; anything else fails the test. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** `[committed, held]` of the quota's resources that instances use. */
export async function quotaNumbers(context: Context & { readonly organizationId: string }) {
  const { resources } = await readQuota(context, context.organizationId);
  const pair = (resource: "instances" | "vcpus" | "memoryMiB" | "storageGiB") => [resources[resource].committed, resources[resource].held] as const;
  return { instances: pair("instances"), vcpus: pair("vcpus"), memoryMiB: pair("memoryMiB"), storageGiB: pair("storageGiB") };
}

/** Totals must be the sum of what rows say: committed of instances and images, held of holds. */
export async function quotaDrift(database: TestDatabase): Promise<unknown[]> {
  const result = await database.worker.execute(sql`
    select q.organization_id,
      q.committed_instances - (select coalesce(sum(quota_instances), 0) from instance i where i.organization_id = q.organization_id) as instances,
      q.committed_vcpus - (select coalesce(sum(quota_vcpus), 0) from instance i where i.organization_id = q.organization_id) as vcpus,
      q.committed_memory_mib - (select coalesce(sum(quota_memory_mib), 0) from instance i where i.organization_id = q.organization_id) as memory,
      q.committed_storage_gib - (select coalesce(sum(quota_storage_gib), 0) from instance i where i.organization_id = q.organization_id)
        - (select coalesce(sum(quota_storage_gib), 0) from image m where m.organization_id = q.organization_id) as storage,
      q.held_vcpus - (select coalesce(sum((amounts->>'vcpus')::bigint), 0) from quota_hold h where h.organization_id = q.organization_id) as held_vcpus,
      q.held_storage_gib - (select coalesce(sum((amounts->>'storageGiB')::bigint), 0) from quota_hold h where h.organization_id = q.organization_id) as held_storage
    from quota q`);
  return result.rows.filter((row) => Object.entries(row).some(([name, value]) => name !== "organization_id" && Number(value) !== 0));
}
