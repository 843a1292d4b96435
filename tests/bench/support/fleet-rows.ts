import { sql } from "drizzle-orm";
import type { TestDatabase } from "../../support/database";

/** A fleet that has been at rest for a while: everything placed, running, applied. */
export async function fillDatabase(database: TestDatabase, hostCount: number, instanceCount: number, worldAddress: string): Promise<void> {
  const db = database.owner;
  await db.execute(sql`insert into organization (id, slug, name, created_at) values ('org_bench', 'bench', 'Bench', now())`);
  await db.execute(sql`insert into quota select 'org_bench', 1000000, 1000000, 1000000000, 1000000, 10, 10, 1000000, 1000000, 1000000000, 1000000, 10, 10, ${instanceCount}::bigint, ${instanceCount}::bigint, ${instanceCount}::bigint * 1024, ${instanceCount}::bigint, 0, 0, 0, 0, 0, 0, 0, 0, now()`);
  await db.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, failover_hosts, created_at) values ('cls_bench', 'bench', 'simulated', 'x86-64-v2', 1, now())`);
  await db.execute(sql`insert into storage_pool (id, cluster_id, name, path, capacity_mib, available_mib, observed_at) values ('stp_bench', 'cls_bench', 'shared', '/pool', 1024000000, 1000000000, now())`);
  await db.execute(sql`insert into network (id, cluster_id, name, cidr, first_address, last_address, bridge, created_at) values ('net_bench', 'cls_bench', 'shared', '10.0.0.0/8', '10.0.0.10', '10.255.255.250', 'br0', now())`);
  await db.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at) values ('flv_bench', 'bench', 'standard', 1, 1024, 1, 250, 1024, now())`);
  await db.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, status, created_at, created_by) values ('img_bench', 'Tiny', 'disk', 'tiny.qcow2', 'qcow2', 64, 1000, 'x', 'available', now(), 'bench')`);
  await db.execute(sql`
    insert into host (id, cluster_id, name, uri, management_address, host_uuid, usable_cpu_models, cores, memory_mib, state, state_changed_at, last_seen_at, enrolled_at, committed_vcpus, committed_memory_mib, reserved_cpu_millicores, reserved_memory_mib)
    select 'hst_' || lpad(n::text, 26, '0'), 'cls_bench', 'h' || n, 'simulated://h' || n || '@' || ${worldAddress}::text, 'h' || n, 'u' || n, '["x86-64-v2"]', 64, 262144, 'up', now(), now(), now(), c.k, c.k * 1024, c.k * 250, c.k * 1024
    from generate_series(0, ${hostCount - 1}::int) n, lateral (select count(*)::int as k from generate_series(0, ${instanceCount - 1}::int) i where i % ${hostCount}::int = n) c`);
  await db.execute(sql`
    insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at, quota_instances, quota_vcpus, quota_memory_mib, quota_storage_gib)
    select 'ins_' || lpad(n::text, 26, '0'), 'org_bench', 'cls_bench', 'vm-' || n, 'flv_bench', 'img_bench', gen_random_uuid(), 1, 1024, 1, 'running', 'bench', now(), now(), 1, 1, 1024, 1 from generate_series(0, ${instanceCount - 1}::int) n`);
  await db.execute(sql`insert into instance_epoch select id, 1 from instance`);
  await db.execute(sql`
    insert into allocation (instance_id, cluster_id, host_id, epoch, vcpus, memory_mib, cpu_reservation_millicores, memory_reservation_mib, decision_id, decided_at)
    select 'ins_' || lpad(n::text, 26, '0'), 'cls_bench', 'hst_' || lpad((n % ${hostCount}::int)::text, 26, '0'), 1, 1, 1024, 250, 1024, 'dec_bench', now() from generate_series(0, ${instanceCount - 1}::int) n`);
  await db.execute(sql`
    insert into instance_observation (instance_id, organization_id, host_id, state, reason, epoch, vcpus, memory_mib, disk_gib, boot_generation, applied_generation, rebuild_generation, running_since, observed_at)
    select a.instance_id, 'org_bench', a.host_id, 'running', 'started', 1, 1, 1024, 1, 1, 1, 1, now(), now() from allocation a`);
  await db.execute(sql`
    insert into volume (id, organization_id, instance_id, pool_id, name, kind, format, size_gib, backing_volume, backing_format, state, observed_size_mib, present_since, created_at)
    select 'vol_' || right(i.id, 26), 'org_bench', i.id, 'stp_bench', i.id || '.qcow2', 'root', 'qcow2', 1, 'tiny.qcow2', 'qcow2', 'present', 1024, now(), now() from instance i`);
  await db.execute(sql`
    insert into address (id, organization_id, network_id, instance_id, ip, mac, created_at)
    select 'adr_' || right(i.id, 26), 'org_bench', 'net_bench', i.id, '10.' || (row_number() over () / 65536) || '.' || (row_number() over () / 256 % 256) || '.' || (row_number() over () % 256), lpad(to_hex(row_number() over ()), 12, '0'), now() from instance i`);
  await db.execute(sql`analyze`);
}

/** New orders, as a request leaves them behind. */
export async function addOrders(database: TestDatabase, count: number): Promise<void> {
  const first = 1_000_000;
  const last = first + count - 1;
  await database.owner.execute(sql`
    insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
    select 'ins_' || lpad(n::text, 26, '0'), 'org_bench', 'cls_bench', 'vm-' || n, 'flv_bench', 'img_bench', gen_random_uuid(), 1, 1024, 1, 'running', 'bench', now(), now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`
    insert into volume (id, organization_id, instance_id, pool_id, name, kind, format, size_gib, backing_volume, backing_format, state, created_at)
    select 'vol_' || lpad(n::text, 26, '0'), 'org_bench', 'ins_' || lpad(n::text, 26, '0'), 'stp_bench', 'new-' || n || '.qcow2', 'root', 'qcow2', 1, 'tiny.qcow2', 'qcow2', 'wanted', now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`
    insert into quota_hold (id, organization_id, subject_id, purpose, amounts, created_at)
    select 'hld_' || lpad(n::text, 26, '0'), 'org_bench', 'ins_' || lpad(n::text, 26, '0'), 'order', '{"instances": 1, "vcpus": 1, "memoryMiB": 1024, "storageGiB": 1}', now() from generate_series(${first}::int, ${last}::int) n`);
  await database.owner.execute(sql`update quota set held_instances = held_instances + ${count}, held_vcpus = held_vcpus + ${count}, held_memory_mib = held_memory_mib + ${count * 1_024}, held_storage_gib = held_storage_gib + ${count}`);
}
