import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import type { Random } from "@/server/platform/random";
import type { ImageRow, InstanceRow } from "../types";

/** What an instance claims of a quota when it runs with these sizes. */
export interface Sizes {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

export interface QuotaPart {
  readonly instances: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly storageGiB: number;
}

export function fullClaim(sizes: Sizes): QuotaPart {
  return { instances: 1, vcpus: sizes.vcpus, memoryMiB: sizes.memoryMiB, storageGiB: sizes.diskGiB };
}

export function committedPart(row: Pick<InstanceRow, "quotaInstances" | "quotaVcpus" | "quotaMemoryMiB" | "quotaStorageGiB">): QuotaPart {
  return { instances: row.quotaInstances, vcpus: row.quotaVcpus, memoryMiB: row.quotaMemoryMiB, storageGiB: row.quotaStorageGiB };
}

/** What must still be claimed, nothing negative: the hold of a change. */
export function missingPart(wanted: QuotaPart, committed: QuotaPart): QuotaPart {
  return {
    instances: Math.max(0, wanted.instances - committed.instances),
    vcpus: Math.max(0, wanted.vcpus - committed.vcpus),
    memoryMiB: Math.max(0, wanted.memoryMiB - committed.memoryMiB),
    storageGiB: Math.max(0, wanted.storageGiB - committed.storageGiB),
  };
}

/** Refuses an image that is not there yet, or does not fit the size. */
export function requireImageFits(image: Pick<ImageRow, "id" | "name" | "status" | "statusReason" | "virtualSizeMiB" | "minimumMemoryMiB">, sizes: Sizes): void {
  if (image.status !== "available") {
    throw new Problem("conflict", sentence("refused-image-status", { image: image.name, status: image.status }), { imageId: image.id, status: image.status });
  }
  if (image.virtualSizeMiB > sizes.diskGiB * 1024) {
    throw new Problem("bad-input", sentence("refused-image-disk", { image: image.name, neededGiB: Math.ceil(image.virtualSizeMiB / 1024), diskGiB: sizes.diskGiB }), {
      field: "flavorId", neededGiB: Math.ceil(image.virtualSizeMiB / 1024), diskGiB: sizes.diskGiB,
    });
  }
  if (image.minimumMemoryMiB > sizes.memoryMiB) {
    throw new Problem("bad-input", sentence("refused-image-memory", { image: image.name, neededMiB: image.minimumMemoryMiB, memoryMiB: sizes.memoryMiB }), {
      field: "flavorId", neededMiB: image.minimumMemoryMiB, memoryMiB: sizes.memoryMiB,
    });
  }
}

/** What an organization's standing forbids: a restricted one keeps what it has and gets nothing new; a suspended one also starts nothing. */
export function requireStanding(standing: "good" | "restricted" | "suspended", what: "create" | "start"): void {
  if (standing === "good" || (standing === "restricted" && what === "start")) return;
  throw new Problem("standing", sentence(what === "create" ? "refused-order-standing" : "refused-start-standing", { standing }), { standing });
}

/** RFC 4122 version 4 text. */
export function mintUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A locally administered address in QEMU's own range 52:54:00; the unique index decides whether it is free. */
export function mintMac(random: Random): string {
  return ["52", "54", "00", ...Array.from(random.bytes(3), (byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** Names inside the pool; one pair for every rebuild, so that old and new never meet. */
export function rootVolumeName(instanceId: string, rebuildGeneration: number): string {
  return `${instanceId}-root-${rebuildGeneration}.qcow2`;
}
/** A name of its own for every time that it is put aside. */
export function memoryVolumeName(instanceId: string, generation: number): string {
  return `${instanceId}-memory-${generation}.save`;
}
export function seedVolumeName(instanceId: string, rebuildGeneration: number): string {
  return `${instanceId}-seed-${rebuildGeneration}.img`;
}
