import type { ImageRow } from "../types";
import type { ImageFacts, ImageFormat, ImageView } from "./types";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** Disks are sold up to this size; an image that needs more could never be used. */
const MAX_VIRTUAL_SIZE_BYTES = 2048 * GIB;
/** Guests see disks in sectors of this size; QEMU pads a raw file that is no multiple, and the guest would see a longer disk. */
const SECTOR_BYTES = 512;

/** Why an image is not accepted, in words for its owner; null = it is. */
export function refusalOf(facts: ImageFacts, format: ImageFormat): string | null {
  if (facts.backingFile !== null) return "It refers to a backing file, so it is only a part of a disk. Flatten it with: qemu-img convert -O qcow2 IN OUT";
  if (facts.dataFile !== null) return "It keeps its content in an external data file. Convert it with: qemu-img convert -O qcow2 IN OUT";
  if (facts.encrypted) return "It is encrypted, and hosts have no key for it. Send it without encryption.";
  if (facts.corrupt) return "Its own header says that it is damaged. Repair it with: qemu-img check -r all FILE";
  if (facts.virtualSizeBytes < SECTOR_BYTES) return "It holds no disk.";
  if (facts.virtualSizeBytes > MAX_VIRTUAL_SIZE_BYTES) return `Its disk has ${Math.ceil(facts.virtualSizeBytes / GIB)} GiB, more than the ${MAX_VIRTUAL_SIZE_BYTES / GIB} GiB that are sold.`;
  if (format === "raw" && facts.fileSizeBytes % SECTOR_BYTES !== 0) return `Its size of ${facts.fileSizeBytes} bytes is no multiple of ${SECTOR_BYTES}, so it is no raw disk, or it was cut off.`;
  return null;
}

/** What an image takes of the storage quota: its file, in whole GiB. */
export function storageGiBOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / GIB));
}

export function virtualSizeMiBOf(facts: ImageFacts): number {
  return Math.max(1, Math.ceil(facts.virtualSizeBytes / MIB));
}

export function imageVolumeName(imageId: string, format: ImageFormat): string {
  return `${imageId}.${format}`;
}

export function toImageView(row: ImageRow): ImageView {
  return {
    id: row.id, name: row.name, description: row.description, public: row.organizationId === null, status: row.status,
    statusReason: row.statusReason ?? (row.status === "importing" ? (row.uploadedAt ? "It is being copied to the storage." : "Its file is awaited.") : null),
    format: row.format, sizeBytes: row.sizeBytes, virtualSizeMiB: row.virtualSizeMiB, minimumMemoryMiB: row.minimumMemoryMiB, createdAt: row.createdAt,
  };
}
