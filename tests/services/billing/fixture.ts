import { sql } from "drizzle-orm";
import { VirtualClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { seededRandom } from "@/server/platform/random";
import { testContext, type TestDatabase } from "../../support/database";

const source = { clock: new VirtualClock(Date.UTC(2026, 0, 1)), random: seededRandom(1) };

/** An organization without anything. */
export async function addOrganization(database: TestDatabase, fields: { readonly currency?: string; readonly timeZone?: string; readonly at?: Date } = {}): Promise<string> {
  const id = mintId("organization", source);
  await database.owner.execute(sql`insert into organization (id, slug, name, currency, time_zone, created_at) values (${id}, ${id.replace("_", "-")}, ${`株式会社 ${id.slice(-4)}`}, ${fields.currency ?? "JPY"}, ${fields.timeZone ?? "Asia/Tokyo"}, ${(fields.at ?? new Date(Date.UTC(2025, 11, 1))).toISOString()})`);
  return id;
}

export { testContext };

/** A size, a price for it and for GiB of disk in a currency, from long ago. Answers the flavor's id. */
export async function addPrices(database: TestDatabase, fields: { readonly currency?: string; readonly instanceMicros?: number; readonly storageMicros?: number; readonly capMicros?: number | null } = {}): Promise<string> {
  const flavorId = mintId("flavor", source);
  const currency = fields.currency ?? "JPY";
  await database.owner.execute(sql`insert into flavor (id, name, class, vcpus, memory_mib, disk_gib, cpu_reservation_millicores, memory_reservation_mib, created_at) values (${flavorId}, ${flavorId.replace("_", "-")}, 'standard', 1, 512, 10, 100, 512, '2020-01-01')`);
  const add = async (meter: string, id: string | null, micros: number, cap: number | null): Promise<void> => {
    await database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, monthly_cap_micros, valid_from, created_at, created_by) values (${mintId("priceVersion", source)}, ${meter}, ${id}, ${currency}, ${micros}, ${cap}, '2020-01-01', '2020-01-01', 'test') on conflict do nothing`);
  };
  await add("instance", flavorId, fields.instanceMicros ?? 1_500_000, fields.capMicros ?? null);
  await add("storage", null, fields.storageMicros ?? 10_000, null);
  return flavorId;
}

/** One usage window as metering would have left it; `closed` null leaves it open. */
export async function addWindow(database: TestDatabase, window: { readonly organizationId: string; readonly resourceId: string; readonly flavorId: string | null; readonly from: Date; readonly to: Date; readonly closed?: boolean; readonly meter?: string; readonly quantity?: number }): Promise<string> {
  const id = mintId("usageWindow", source);
  await database.owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, class, quantity, vcpus, memory_mib, started_at, ended_at, closed_at, closed_reason, created_at)
    values (${id}, ${window.organizationId}, ${window.meter ?? "instance"}, ${window.resourceId}, ${window.resourceId}, ${window.flavorId}, 'standard', ${window.quantity ?? 1}, 1, 512, ${window.from.toISOString()}, ${window.to.toISOString()},
      ${window.closed === false ? null : window.to.toISOString()}, ${window.closed === false ? null : "stopped"}, ${window.from.toISOString()})`);
  return id;
}
