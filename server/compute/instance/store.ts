import { and, asc, desc, eq, gte, ilike, inArray, isNotNull, isNull, lte, or, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { insertRows } from "@/db/insert-rows";
import { flavor, image } from "@/db/schema/catalog";
import { address, instance, instanceEvent, instanceObservation, instanceSshKey, network, sshKey, volume } from "@/db/schema/compute";
import { organization } from "@/db/schema/tenancy";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { ImageRow, InstanceRow, ObservationRow } from "../types";
import { statusSql } from "./derive-status-sql";
import type { InstanceStatus } from "./types";

/** The tenant's own filter; row-level security is the second wall. Loops and operators see all. */
function within(context: Context): SQL | undefined {
  return context.scope === "tenant" ? eq(instance.organizationId, context.organizationId ?? "") : undefined;
}

/** Locks the row until commit: every change of desired state queues here. */
export async function lockInstance(tx: Transaction, context: Context, instanceId: string): Promise<InstanceRow | null> {
  const [row] = await tx.select().from(instance).where(and(eq(instance.id, instanceId), within(context))).for("update");
  return row ?? null;
}

export async function selectInstance(tx: Transaction, context: Context, instanceId: string): Promise<InstanceRow | null> {
  const [row] = await tx.select().from(instance).where(and(eq(instance.id, instanceId), within(context)));
  return row ?? null;
}

/** What one order writes, but its address. */
export interface OrderRows {
  readonly row: typeof instance.$inferInsert;
  readonly volumes: readonly (typeof volume.$inferInsert)[];
  readonly sshKeyIds: readonly string[];
  readonly event: typeof instanceEvent.$inferInsert;
}

/** Everything of some orders but their addresses, in one statement. */
export async function insertInstances(tx: Transaction, orders: readonly OrderRows[]): Promise<void> {
  const keys = orders.flatMap(({ row, sshKeyIds }) => sshKeyIds.map((sshKeyId) => ({ organizationId: row.organizationId, instanceId: row.id, sshKeyId })));
  const parts = [
    sql`made as (${insertRows(instance, orders.map(({ row }) => row))})`,
    sql`disks as (${insertRows(volume, orders.flatMap(({ volumes }) => volumes))})`,
    sql`told as (${insertRows(instanceEvent, orders.map(({ event }) => event))})`,
    ...(keys.length > 0 ? [sql`given as (${insertRows(instanceSshKey, keys)})`] : []),
  ];
  await tx.execute(sql`with ${sql.join(parts, sql`, `)} select 1`);
}

export async function updateInstance(tx: Transaction, instanceId: string, set: Partial<typeof instance.$inferInsert>): Promise<void> {
  await tx.update(instance).set(set).where(eq(instance.id, instanceId));
}

export async function insertVolumes(tx: Transaction, volumes: (typeof volume.$inferInsert)[]): Promise<void> {
  await tx.insert(volume).values(volumes);
}

/** Volumes of rebuilds before this one are to be removed. */
export async function retireVolumes(tx: Transaction, instanceId: string, beforeRebuildGeneration: number): Promise<void> {
  await tx
    .update(volume)
    .set({ state: "unwanted" })
    .where(and(eq(volume.instanceId, instanceId), inArray(volume.kind, ["root", "seed"]), sql`${volume.rebuildGeneration} < ${beforeRebuildGeneration}`, inArray(volume.state, ["wanted", "present"])));
}

export async function growRootVolume(tx: Transaction, instanceId: string, rebuildGeneration: number, sizeGiB: number): Promise<void> {
  await tx.update(volume).set({ sizeGiB }).where(and(eq(volume.instanceId, instanceId), eq(volume.kind, "root"), eq(volume.rebuildGeneration, rebuildGeneration)));
}

/** Everything that orders of one organization depend on, in one statement. */
export interface OrderFacts {
  readonly organization: { readonly standing: "good" | "restricted" | "suspended"; readonly closed: boolean } | null;
  readonly flavors: readonly { readonly id: string; readonly name: string; readonly vcpus: number; readonly memoryMiB: number; readonly diskGiB: number; readonly onSale: boolean }[];
  readonly images: readonly Pick<ImageRow, "id" | "name" | "status" | "statusReason" | "virtualSizeMiB" | "minimumMemoryMiB" | "volume" | "format">[];
  /** Network and pool for each cluster and network that was asked for; null is the choice of those who asked for none. */
  readonly places: readonly { readonly wanted: string | null; readonly wantedNetwork: string | null; readonly networkId: string; readonly clusterId: string; readonly poolId: string | null }[];
  readonly sshKeyIds: readonly string[];
  readonly takenNames: readonly string[];
}

export async function selectOrderFacts(
  tx: Transaction,
  organizationId: string,
  orders: readonly { readonly name: string; readonly flavorId: string; readonly imageId: string; readonly sshKeyIds: readonly string[]; readonly clusterId?: string | undefined; readonly networkId?: string | null | undefined }[],
): Promise<OrderFacts> {
  const all = (values: readonly (string | null)[]) => sql`${sql.param([...new Set(values)])}::text[]`;
  const asked = [...new Map(orders.map(({ clusterId = null, networkId = null }) => [JSON.stringify([clusterId, networkId]), { clusterId, networkId }])).values()];
  const result = await tx.execute<{ facts: OrderFacts }>(sql`
    select json_build_object(
      'organization', (select json_build_object('standing', o.standing, 'closed', o.closed_at is not null) from organization o where o.id = ${organizationId}),
      'flavors', (select coalesce(json_agg(json_build_object('id', f.id, 'name', f.name, 'vcpus', f.vcpus, 'memoryMiB', f.memory_mib, 'diskGiB', f.disk_gib, 'onSale', f.on_sale)), '[]')
                  from flavor f where f.id = any(${all(orders.map((order) => order.flavorId))})),
      'images', (select coalesce(json_agg(json_build_object('id', m.id, 'name', m.name, 'status', m.status, 'statusReason', m.status_reason, 'virtualSizeMiB', m.virtual_size_mib,
                   'minimumMemoryMiB', m.minimum_memory_mib, 'volume', m.volume, 'format', m.format)), '[]')
                 from image m where m.id = any(${all(orders.map((order) => order.imageId))}) and (m.organization_id is null or m.organization_id = ${organizationId})),
      'places', (select coalesce(json_agg(json_build_object('wanted', w.id, 'wantedNetwork', w.network_id, 'networkId', place.id, 'clusterId', place.cluster_id,
                   'poolId', (select s.id from storage_pool s where s.cluster_id = place.cluster_id order by s.available_mib desc, s.id limit 1))), '[]')
                 from unnest(${sql.param(asked.map((one) => one.clusterId))}::text[], ${sql.param(asked.map((one) => one.networkId))}::text[]) as w(id, network_id), lateral (
                   select n.id, n.cluster_id from network n join cluster c on c.id = n.cluster_id
                   where n.removed_at is null and (w.id is null or c.id = w.id)
                     and case when w.network_id is null then n.organization_id is null else n.id = w.network_id and n.organization_id = ${organizationId} end
                   order by c.created_at, n.created_at, n.id limit 1) as place),
      'sshKeyIds', (select coalesce(json_agg(k.id), '[]') from ssh_key k where k.organization_id = ${organizationId} and k.deleted_at is null and k.id = any(${all(orders.flatMap((order) => order.sshKeyIds))})),
      'takenNames', (select coalesce(json_agg(i.name), '[]') from instance i where i.organization_id = ${organizationId} and i.name = any(${all(orders.map((order) => order.name))}) and i.deleted_at is null)
    ) as facts`);
  const row = result.rows[0];
  if (!row) throw new Error("a select without from answered no row");
  return row.facts;
}

export async function selectFlavor(tx: Transaction, flavorId: string) {
  const [row] = await tx.select().from(flavor).where(eq(flavor.id, flavorId));
  return row ?? null;
}

export async function selectImageFor(tx: Transaction, organizationId: string, imageId: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(eq(image.id, imageId), or(isNull(image.organizationId), eq(image.organizationId, organizationId))));
  return row ?? null;
}

export async function selectStanding(tx: Transaction, organizationId: string): Promise<"good" | "restricted" | "suspended" | null> {
  const [row] = await tx.select({ standing: organization.standing }).from(organization).where(eq(organization.id, organizationId));
  return row?.standing ?? null;
}

export async function selectObservationOf(tx: Transaction, instanceId: string): Promise<ObservationRow | null> {
  const [row] = await tx.select().from(instanceObservation).where(eq(instanceObservation.instanceId, instanceId));
  return row ?? null;
}

const statusColumns = { desired: instance, seen: instanceObservation };

const summaryColumns = {
  row: instance,
  observation: instanceObservation,
  flavorName: flavor.name,
  imageName: image.name,
  privateIp: sql<string | null>`(select ${address.ip} from ${address} where ${address.instanceId} = ${instance.id} and ${address.releasedAt} is null and ${address.kind} = 'private' order by ${address.createdAt} limit 1)`,
};

export interface SummaryRow {
  readonly row: InstanceRow;
  readonly observation: ObservationRow | null;
  readonly flavorName: string;
  readonly imageName: string;
  readonly privateIp: string | null;
}

const summaries = (tx: Transaction) =>
  tx
    .select(summaryColumns)
    .from(instance)
    .innerJoin(flavor, eq(flavor.id, instance.flavorId))
    .innerJoin(image, eq(image.id, instance.imageId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id));

export async function selectSummary(tx: Transaction, context: Context, instanceId: string): Promise<SummaryRow | null> {
  const [row] = await summaries(tx).where(and(eq(instance.id, instanceId), within(context)));
  return row ?? null;
}

export interface ListFilter {
  readonly search: string | null;
  readonly statuses: readonly InstanceStatus[] | null;
  readonly sort: "name" | "createdAt" | "status";
  readonly direction: "asc" | "desc";
  readonly after: { readonly value: string; readonly id: string } | null;
  readonly limit: number;
  readonly now: Date;
}

/** A LIKE pattern that takes the person's text literally. */
function contains(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

function listWhere(context: Context, filter: ListFilter): SQL | undefined {
  const status = statusSql(statusColumns, filter.now);
  const showsTrash = filter.statuses?.some((word) => word === "deleted" || word === "deleting") ?? false;
  return and(
    within(context),
    isNull(instance.purgedAt),
    showsTrash ? undefined : isNull(instance.deletedAt),
    filter.search ? or(ilike(instance.name, contains(filter.search)), eq(instance.id, filter.search), sql`exists (select 1 from ${address} where ${address.instanceId} = ${instance.id} and ${address.releasedAt} is null and ${address.ip} = ${filter.search})`) : undefined,
    filter.statuses ? sql`${status} = any(${sql.param([...filter.statuses])}::text[])` : undefined,
  );
}

/** One page by keyset: the row after which it begins is named by its sort value and id. */
export async function selectSummaries(tx: Transaction, context: Context, filter: ListFilter): Promise<(SummaryRow & { readonly sortValue: string })[]> {
  const sortBy: SQLWrapper = { name: instance.name, createdAt: instance.createdAt, status: sql`(${statusSql(statusColumns, filter.now)})` }[filter.sort];
  const cast = filter.sort === "createdAt" ? sql.raw("::timestamptz") : sql.raw("");
  const order = filter.direction === "asc" ? asc : desc;
  const after = filter.after ? sql`(${sortBy}, ${instance.id}) ${sql.raw(filter.direction === "asc" ? ">" : "<")} (${filter.after.value}${cast}, ${filter.after.id})` : undefined;
  return tx
    .select({ ...summaryColumns, sortValue: sql<string>`(${sortBy})::text` })
    .from(instance)
    .innerJoin(flavor, eq(flavor.id, instance.flavorId))
    .innerJoin(image, eq(image.id, instance.imageId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id))
    .where(and(listWhere(context, filter), after))
    .orderBy(order(sql`${sortBy}`), order(instance.id))
    .limit(filter.limit);
}

export async function countInstances(tx: Transaction, context: Context, filter: ListFilter): Promise<number> {
  const counted = tx.select({ n: sql<number>`count(*)::int` }).from(instance).$dynamic();
  // The observation is joined only where the status is asked for: counting ten thousand rows by index is quicker.
  const [row] = await (filter.statuses ? counted.leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id)) : counted).where(listWhere(context, filter));
  return row?.n ?? 0;
}

export async function selectStatuses(tx: Transaction, now: Date): Promise<{ readonly id: string; readonly status: InstanceStatus }[]> {
  return tx
    .select({ id: instance.id, status: statusSql(statusColumns, now) })
    .from(instance)
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id));
}

export async function selectDetailParts(tx: Transaction, instanceId: string) {
  const keys = await tx
    .select({ id: sshKey.id, name: sshKey.name, fingerprint: sshKey.fingerprint, deletedAt: sshKey.deletedAt })
    .from(instanceSshKey)
    .innerJoin(sshKey, eq(sshKey.id, instanceSshKey.sshKeyId))
    .where(eq(instanceSshKey.instanceId, instanceId))
    .orderBy(sshKey.name);
  const addresses = await tx
    .select({ id: address.id, kind: address.kind, ip: address.ip, mac: address.mac, networkName: network.name })
    .from(address)
    .innerJoin(network, eq(network.id, address.networkId))
    .where(and(eq(address.instanceId, instanceId), isNull(address.releasedAt)))
    .orderBy(address.createdAt);
  const volumes = await tx
    .select({ id: volume.id, kind: volume.kind, sizeGiB: volume.sizeGiB, state: volume.state })
    .from(volume)
    .where(and(eq(volume.instanceId, instanceId), sql`${volume.state} <> 'removed'`))
    .orderBy(volume.createdAt);
  return { keys, addresses, volumes };
}

export async function insertEvents(tx: Transaction, events: (typeof instanceEvent.$inferInsert)[]): Promise<void> {
  await tx.insert(instanceEvent).values(events);
}

export async function selectEvents(tx: Transaction, instanceId: string, { after, from, to }: { readonly after: { readonly value: string; readonly id: string } | null; readonly from: Date | undefined; readonly to: Date | undefined }, limit: number) {
  return tx
    .select({ id: instanceEvent.id, at: instanceEvent.at, kind: instanceEvent.kind, detail: instanceEvent.detail })
    .from(instanceEvent)
    .where(and(eq(instanceEvent.instanceId, instanceId), from && gte(instanceEvent.at, from), to && lte(instanceEvent.at, to), after ? sql`(${instanceEvent.at}, ${instanceEvent.id}) < (${after.value}::timestamptz, ${after.id})` : undefined))
    .orderBy(desc(instanceEvent.at), desc(instanceEvent.id))
    .limit(limit);
}

/** Organizations of instances, for rows that loops write. */
export async function selectOwners(tx: Transaction, instanceIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.select({ id: instance.id, organizationId: instance.organizationId }).from(instance).where(inArray(instance.id, [...instanceIds]));
  return new Map(rows.map((row) => [row.id, row.organizationId]));
}

export async function selectRunningOf(tx: Transaction, organizationId: string): Promise<string[]> {
  const rows = await tx
    .select({ id: instance.id })
    .from(instance)
    .where(and(eq(instance.organizationId, organizationId), eq(instance.desiredPower, "running"), isNull(instance.deletedAt), isNotNull(instance.clusterId)));
  return rows.map((row) => row.id);
}

/** The pool in which the present root disk stands; the next one is made there too. */
export async function selectRootPool(tx: Transaction, instanceId: string, rebuildGeneration: number): Promise<string> {
  const [row] = await tx
    .select({ poolId: volume.poolId })
    .from(volume)
    .where(and(eq(volume.instanceId, instanceId), eq(volume.kind, "root"), eq(volume.rebuildGeneration, rebuildGeneration)));
  if (!row) throw new Error(`instance ${instanceId} has no root volume of rebuild ${rebuildGeneration}`);
  return row.poolId;
}

export async function countEvents(tx: Transaction, instanceId: string, kind: string, since: Date): Promise<number> {
  const result = await tx.execute<{ count: string }>(sql`select count(*) from instance_event where instance_id = ${instanceId} and kind = ${kind} and at >= ${since.toISOString()}`);
  return Number(result.rows[0]?.count ?? 0);
}
