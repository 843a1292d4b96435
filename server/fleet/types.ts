import type { cluster, host, storagePool, allocation, migration, fencing, decision } from "@/db/schema/fleet";
import type { Id } from "@/server/platform/id";

export type ClusterRow = typeof cluster.$inferSelect;
export type HostRow = typeof host.$inferSelect;
export type StoragePoolRow = typeof storagePool.$inferSelect;
export type AllocationRow = typeof allocation.$inferSelect;
export type MigrationRow = typeof migration.$inferSelect;
export type FencingRow = typeof fencing.$inferSelect;
export type DecisionRow = typeof decision.$inferSelect;

export type ClusterId = Id<"cluster">;
export type HostId = Id<"host">;

/** What an instance takes on its host. Committed counts against the ratios, reserved against the hardware. */
export interface Claim {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly cpuReservationMillicores: number;
  readonly memoryReservationMiB: number;
}

/** One page of a list, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly total: number;
}
