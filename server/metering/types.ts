import type { METERS } from "@/db/schema/catalog";
import type { usageAdjustment, usageDrift, usagePeriod } from "@/db/schema/metering";

/** What one host was seen to run. The caller may leave out observations in which nothing changed, for a while. */
export interface HostUsageFact {
  readonly hostId: string;
  /** The moment of this observation, our clock: everything in `running` was seen running then. */
  readonly confirmedThrough: Date;
  /** The observation before it; what ran then and is missing now is billed to that moment and not beyond. */
  readonly previouslyConfirmedThrough: Date | null;
  readonly running: readonly RunningFact[];
}

export interface RunningFact {
  readonly instanceId: string;
  /** Start of this run as far as known, our clock; null when only "it runs" is known. */
  readonly since: Date | null;
  /** It came by live migration: the run goes on, without a gap. */
  readonly continues: boolean;
}

/** Counters of one running domain, as its host gave them. */
export interface SampleCounter {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly at: Date;
  /** Counters begin anew with every epoch and every boot. */
  readonly epoch: number | null;
  readonly cpuTimeNs: bigint;
  readonly cpuDelayNs: bigint;
  readonly memoryUsedMiB: number | null;
  readonly diskReadBytes: bigint;
  readonly diskWrittenBytes: bigint;
  readonly netReceivedBytes: bigint;
  readonly netSentBytes: bigint;
}

/** `consent`: the tenant gave or took back the consent to be moved; `period-end`: the billing period closed. */
export type CloseReason = "stopped" | "restarted" | "resized" | "consent" | "host-lost" | "deleted" | "period-end";

export type Meter = (typeof METERS)[number];

export interface UsageWindowRow {
  readonly id: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly instanceName: string | null;
  readonly flavorId: string | null;
  readonly storageClass: string | null;
  readonly movable: boolean;
  readonly quantity: number;
  /** Size of an instance all the while: vCPU-seconds and MiB-seconds are these times the seconds. */
  readonly vcpus: number | null;
  readonly memoryMiB: number | null;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly closedAt: Date | null;
  readonly closedReason: string | null;
}

export type UsagePeriodRow = typeof usagePeriod.$inferSelect;
export type UsageAdjustmentRow = typeof usageAdjustment.$inferSelect;
export type UsageDriftRow = typeof usageDrift.$inferSelect;
