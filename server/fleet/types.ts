import type { cluster, host, storagePool, allocation, migration, fencing, decision, placementRule } from "@/db/schema/fleet";
import type { advice, clusterAutomation, drill, energyReport, hostPowerEvent, hostUpdate, hostUpdateHost, incident, incidentEntry, powerReading, sleepCertificate } from "@/db/schema/automation";
import type { Id } from "@/server/platform/id";

export type ClusterRow = typeof cluster.$inferSelect;
export type HostRow = typeof host.$inferSelect;
export type StoragePoolRow = typeof storagePool.$inferSelect;
export type AllocationRow = typeof allocation.$inferSelect;
export type MigrationRow = typeof migration.$inferSelect;
export type FencingRow = typeof fencing.$inferSelect;
export type DecisionRow = typeof decision.$inferSelect;
export type PlacementRuleRow = typeof placementRule.$inferSelect;
export type AutomationRow = typeof clusterAutomation.$inferSelect;
export type CertificateRow = typeof sleepCertificate.$inferSelect;
export type PowerEventRow = typeof hostPowerEvent.$inferSelect;
export type PowerReadingRow = typeof powerReading.$inferSelect;
export type EnergyReportRow = typeof energyReport.$inferSelect;
export type AdviceRow = typeof advice.$inferSelect;
export type IncidentRow = typeof incident.$inferSelect;
export type IncidentEntryRow = typeof incidentEntry.$inferSelect;
export type HostUpdateRow = typeof hostUpdate.$inferSelect;
export type DrillRow = typeof drill.$inferSelect;
export type HostUpdateHostRow = typeof hostUpdateHost.$inferSelect;

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
