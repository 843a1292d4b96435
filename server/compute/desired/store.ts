import { and, eq, getTableColumns, inArray, isNull, lte, sql, type AnyColumn, type GetColumnData, type SQL } from "drizzle-orm";
import { flavor } from "@/db/schema/catalog";
import { address, instance, instanceObservation, network, volume } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";
import type { DesiredInstance } from "../types";

const DESIRED = {
  id: instance.id,
  organizationId: instance.organizationId,
  clusterId: instance.clusterId,
  name: instance.name,
  flavorId: instance.flavorId,
  imageId: instance.imageId,
  uuid: instance.uuid,
  vcpus: instance.vcpus,
  memoryMiB: instance.memoryMiB,
  diskGiB: instance.diskGiB,
  desiredPower: instance.desiredPower,
  generation: instance.generation,
  bootGeneration: instance.bootGeneration,
  rebootMode: instance.rebootMode,
  rebuildGeneration: instance.rebuildGeneration,
  stopRequestedAt: instance.stopRequestedAt,
  stopGraceSeconds: instance.stopGraceSeconds,
  powerDecidedBy: instance.powerDecidedBy,
  haPriority: instance.haPriority,
  antiAffinityGroup: instance.antiAffinityGroup,
  movable: instance.movable,
  createdAt: instance.createdAt,
  updatedAt: instance.updatedAt,
  deletedAt: instance.deletedAt,
  purgeAfter: instance.purgeAfter,
  purgedAt: instance.purgedAt,
};

const FLAVOR = {
  id: flavor.id,
  name: flavor.name,
  class: flavor.class,
  cpuReservationMillicores: flavor.cpuReservationMillicores,
  cpuLimitMillicores: flavor.cpuLimitMillicores,
  cpuShares: flavor.cpuShares,
  memoryReservationMiB: flavor.memoryReservationMiB,
};

const VOLUME = {
  id: volume.id,
  instanceId: volume.instanceId,
  poolId: volume.poolId,
  name: volume.name,
  kind: volume.kind,
  format: volume.format,
  sizeGiB: volume.sizeGiB,
  backingVolume: volume.backingVolume,
  backingFormat: volume.backingFormat,
  rebuildGeneration: volume.rebuildGeneration,
  state: volume.state,
  observedSizeMiB: volume.observedSizeMiB,
  usedByEpoch: volume.usedByEpoch,
};

const ADDRESS = { id: address.id, instanceId: address.instanceId, networkId: address.networkId, kind: address.kind, ip: address.ip, mac: address.mac, bridge: network.bridge, cidr: network.cidr, ownerId: network.organizationId };

type Columns = Readonly<Record<string, AnyColumn>>;
type RowOf<C extends Columns> = { [K in keyof C]: GetColumnData<C[K]> };

/**
 * Rows of thousands of instances, straight from the driver: moments travel as milliseconds and 64-bit counts as numbers,
 * so that nothing is parsed column by column. Ten thousand instances are almost a million values.
 */
async function selectFast<C extends Columns>(tx: Transaction, columns: C, rest: SQL): Promise<RowOf<C>[]> {
  const moments: string[] = [];
  const list = Object.entries(columns).map(([name, column]) => {
    if (column.dataType === "date") {
      moments.push(name);
      return sql`date_part('epoch', ${column}) * 1000 as ${sql.identifier(name)}`;
    }
    return column.getSQLType() === "bigint" ? sql`${column}::float8 as ${sql.identifier(name)}` : sql`${column} as ${sql.identifier(name)}`;
  });
  const { rows } = await tx.execute<Record<string, unknown>>(sql`select ${sql.join(list, sql`, `)} ${rest}`);
  for (const row of rows) {
    for (const name of moments) {
      const milliseconds = row[name];
      row[name] = typeof milliseconds === "number" ? new Date(Math.round(milliseconds)) : null;
    }
  }
  // The statement above names exactly these columns, and the conversions give what the schema says of them.
  return rows as unknown as RowOf<C>[];
}

const KIND_ORDER = { root: 0, data: 1, seed: 2, memory: 3 } as const;

/** Everything desired of instances that match `which`, in five statements whatever their number. */
async function selectDesired(tx: Transaction, which: SQL): Promise<DesiredInstance[]> {
  const those = sql`${which} and ${instance.purgedAt} is null`;
  const joined = (table: typeof instanceObservation | typeof volume | typeof address): SQL => sql`from ${table} join ${instance} on ${instance.id} = ${table.instanceId}`;
  const rows = await selectFast(tx, DESIRED, sql`from ${instance} where ${those} order by ${instance.id}`);
  const observations = await selectFast(tx, getTableColumns(instanceObservation), sql`${joined(instanceObservation)} where ${those}`);
  const volumes = await selectFast(tx, VOLUME, sql`${joined(volume)} where ${those} and ${volume.state} <> 'removed'`);
  const addresses = await selectFast(tx, ADDRESS, sql`${joined(address)} join ${network} on ${network.id} = ${address.networkId} where ${those} and ${address.releasedAt} is null`);
  const flavors = new Map((await tx.select(FLAVOR).from(flavor)).map((row) => [row.id, row]));
  const observationOf = new Map(observations.map((row) => [row.instanceId, row]));
  const volumesOf = groupByInstance(volumes);
  const addressesOf = groupByInstance(addresses.map(({ cidr, ownerId, ...one }) => ({ ...one, onlyWithin: ownerId === null ? null : cidr })));
  return rows.map((row) => {
    const sold = flavors.get(row.flavorId);
    if (!sold) throw new Error(`instance ${row.id} has the flavor ${row.flavorId}, which does not exist`);
    return {
      ...row,
      flavor: sold,
      observation: observationOf.get(row.id) ?? null,
      volumes: (volumesOf.get(row.id) ?? []).sort((a, b) => KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || (a.id < b.id ? -1 : 1)),
      addresses: addressesOf.get(row.id) ?? [],
    };
  });
}

export async function selectDesiredOfCluster(tx: Transaction, clusterId: string): Promise<DesiredInstance[]> {
  return selectDesired(tx, eq(instance.clusterId, clusterId));
}

export async function selectDesiredById(tx: Transaction, instanceIds: readonly string[]): Promise<DesiredInstance[]> {
  return selectDesired(tx, inArray(instance.id, [...instanceIds]));
}

/** Null when it is purged or was never there. */
export async function selectGeneration(tx: Transaction, instanceId: string): Promise<number | null> {
  const [row] = await tx.select({ generation: instance.generation }).from(instance).where(and(eq(instance.id, instanceId), isNull(instance.purgedAt)));
  return row?.generation ?? null;
}

function groupByInstance<T extends { readonly instanceId: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.instanceId);
    if (group) group.push(row);
    else groups.set(row.instanceId, [row]);
  }
  return groups;
}

/** Instances in the trash whose time is over and that are not purged yet. */
export async function selectPurgeDue(tx: Transaction, now: Date, limit: number): Promise<string[]> {
  const rows = await tx
    .select({ id: instance.id })
    .from(instance)
    .where(and(isNull(instance.purgedAt), lte(instance.purgeAfter, now)))
    .orderBy(instance.purgeAfter)
    .limit(limit);
  return rows.map((row) => row.id);
}
