import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { allocationsOf } from "../allocation/store";
import { allClusters, poolsOf } from "../cluster/store";
import { openFencings } from "../fencing/store";
import { hostsWithPower, powerConfigsOf } from "../host/store";
import { openMigrations } from "../migration/store";
import type { AllocationRow, ClusterRow, FencingRow, HostRow, MigrationRow, StoragePoolRow } from "../types";

/** Where everything is, of all clusters, without what was asked for. */
export interface Fleet {
  readonly clusters: ReadonlyMap<string, ClusterRow>;
  readonly hosts: ReadonlyMap<string, HostRow>;
  /** Ids of the hosts that have a second power device. */
  readonly withSecondPower: ReadonlySet<string>;
  readonly pools: readonly StoragePoolRow[];
  readonly allocations: ReadonlyMap<string, AllocationRow>;
  /** Open ones, by instance. */
  readonly migrations: ReadonlyMap<string, MigrationRow>;
  /** Open ones, by host. */
  readonly fencings: ReadonlyMap<string, FencingRow>;
}

/** Reads the fleet at one moment. `parts` leaves out what a loop does not need. */
export function readFleet(context: Context, parts: { readonly allocations: boolean } = { allocations: true }): Promise<Fleet> {
  return inTransaction(context, (tx) => fleetIn(tx, parts), { isolation: "repeatable read", readOnly: true });
}

async function fleetIn(tx: Transaction, parts: { readonly allocations: boolean }): Promise<Fleet> {
  const clusters = await allClusters(tx);
  const hosts = await hostsWithPower(tx);
  const pools = await poolsOf(tx);
  const allocations = parts.allocations ? await allocationsOf(tx) : [];
  const migrations = await openMigrations(tx);
  const fencings = await openFencings(tx);
  return {
    clusters: new Map(clusters.map((row) => [row.id, row])),
    hosts: new Map(hosts.map(({ row }) => [row.id, row])),
    withSecondPower: new Set(hosts.filter((one) => one.hasSecond).map(({ row }) => row.id)),
    pools,
    allocations: new Map(allocations.map((row) => [row.instanceId, row])),
    migrations: new Map(migrations.map((row) => [row.instanceId, row])),
    fencings: new Map(fencings.map((row) => [row.hostId, row])),
  };
}

/** How to reach the management controllers of hosts; secrets, for the worker alone. */
export function readPowerConfigs(context: Context, hostIds: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
  return inTransaction(context, (tx) => powerConfigsOf(tx, hostIds), { readOnly: true });
}
