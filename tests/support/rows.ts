import { sql } from "drizzle-orm";
import type { Database } from "@/db/client";

/** The few rows that an instance needs below it, for tests of the areas above compute. Returns the instance's id. */
export async function insertInstanceRows(owner: Database, input: { readonly organizationId: string; readonly instanceId: string; readonly at: Date; readonly vcpus?: number; readonly memoryMiB?: number }): Promise<string> {
  const at = input.at.toISOString();
  const slug = input.organizationId.replace("_", "-");
  const vcpus = input.vcpus ?? 1;
  const memoryMiB = input.memoryMiB ?? 512;
  await owner.execute(sql`insert into organization (id, slug, name, currency, created_at) values (${input.organizationId}, ${slug}, ${slug}, 'JPY', ${at}) on conflict do nothing`);
  await owner.execute(sql`insert into cluster (id, name, hypervisor, cpu_model, created_at) values ('cls_rows', 'rows', 'simulated', 'qemu64', ${at}) on conflict do nothing`);
  await owner.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at)
    values ('flv_small', 'small', 'standard', 1, 512, 10, 100, 512, ${at}), ('flv_large', 'large', 'standard', 2, 1024, 10, 200, 1024, ${at}) on conflict do nothing`);
  await owner.execute(sql`insert into image (id, name, boot_kind, volume, format, virtual_size_mib, size_bytes, sha256, status, created_at, created_by)
    values ('img_rows', 'rows', 'disk', 'base', 'qcow2', 64, 1, '00', 'available', ${at}, 'test') on conflict do nothing`);
  await owner.execute(sql`insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, created_by, created_at, updated_at)
    values (${input.instanceId}, ${input.organizationId}, 'cls_rows', ${input.instanceId.replace("_", "-")}, 'flv_small', 'img_rows', gen_random_uuid()::text, ${vcpus}, ${memoryMiB}, 10, 'running', 'test', ${at}, ${at})`);
  await owner.execute(sql`insert into instance_observation (instance_id, organization_id, state, vcpus, memory_mib, observed_at) values (${input.instanceId}, ${input.organizationId}, 'running', ${vcpus}, ${memoryMiB}, ${at})`);
  return input.instanceId;
}
