import type { Words } from "@/server/platform/sentences";

/** What a person reads; derived, never stored (derive-status.ts). */
export const INSTANCE_STATUSES = [
  "provisioning", "waiting-for-capacity", "starting", "running", "stopping", "stopped", "suspending", "suspended", "rebooting", "resizing", "rebuilding",
  "migrating", "recovering", "paused", "crashed", "deleted", "deleting", "error", "unreachable",
] as const;
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

export interface InstanceSummary {
  readonly id: string;
  readonly name: string;
  readonly status: InstanceStatus;
  /** A sentence where the status alone does not say enough. */
  readonly statusReason: string | null;
  /** The same as data; null where there is only the text. */
  readonly statusWords: readonly Words[] | null;
  readonly flavorName: string;
  readonly imageName: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly privateIp: string | null;
  readonly createdAt: Date;
  readonly runningSince: Date | null;
  readonly pendingBootReason: string | null;
  readonly pendingBootWords: readonly Words[] | null;
}

export interface InstanceDetail extends InstanceSummary {
  readonly organizationId: string;
  readonly flavorId: string;
  readonly imageId: string;
  readonly sshKeys: readonly { readonly id: string; readonly name: string; readonly fingerprint: string; readonly deleted: boolean }[];
  readonly userData: string;
  readonly addresses: readonly { readonly id: string; readonly kind: "private" | "public"; readonly ip: string; readonly mac: string; readonly networkName: string }[];
  readonly desiredPower: "running" | "stopped" | "suspended";
  readonly powerDecidedBy: "tenant" | "standing" | "guest" | "operator" | "cap";
  readonly generation: number;
  readonly antiAffinityGroup: string | null;
  readonly volumes: readonly { readonly id: string; readonly kind: "root" | "data" | "seed" | "memory"; readonly sizeGiB: number; readonly state: string }[];
  readonly waiting: { readonly text: string; readonly smallestChange: string | null; readonly words?: readonly Words[]; readonly changeWords?: readonly Words[] | null } | null;
  readonly deletedAt: Date | null;
  readonly purgeAfter: Date | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Date | null;
  /** A screen can be opened now. */
  readonly console: boolean;
}

export interface InstancePage {
  readonly items: readonly InstanceSummary[];
  readonly nextCursor: string | null;
  readonly total: number;
}

export interface TimelineEntry {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface ResizePreview {
  /** Millionths of the currency's main unit an hour, instance and disk together; null where nothing is priced. */
  readonly priceBefore: number | null;
  readonly priceAfter: number | null;
  readonly currency: string;
  /** What would be left of the quota; negative where it does not fit. */
  readonly quotaAfter: { readonly vcpus: number; readonly memoryMiB: number; readonly storageGiB: number };
  readonly live: boolean;
  /** Why not live. */
  readonly reason: string | null;
  readonly reasonWords: readonly Words[] | null;
}

/** Whether a change takes effect at once or with the next boot, in words. */
export interface ChangeEffect {
  readonly effect: "live" | "at-next-boot";
  readonly effectText: string;
  readonly effectWords: readonly Words[];
}
