import { sentence, textOf, wordsOf, type Said, type Sentence } from "@/server/platform/sentences";
import type { ImageRow } from "../types";
import type { ImageFacts, ImageFormat, ImageView } from "./types";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** Disks are sold up to this size; an image that needs more could never be used. */
const MAX_VIRTUAL_SIZE_BYTES = 2048 * GIB;
/** Guests see disks in sectors of this size; QEMU pads a raw file that is no multiple, and the guest would see a longer disk. */
const SECTOR_BYTES = 512;

/** Why an image is not accepted, in words for its owner; null = it is. */
export function refusalOf(facts: ImageFacts, format: ImageFormat): Sentence | null {
  if (facts.backingFile !== null) return sentence("image-backing-file");
  if (facts.dataFile !== null) return sentence("image-data-file");
  if (facts.encrypted) return sentence("image-encrypted");
  if (facts.corrupt) return sentence("image-corrupt");
  if (facts.virtualSizeBytes < SECTOR_BYTES) return sentence("image-no-disk");
  if (facts.virtualSizeBytes > MAX_VIRTUAL_SIZE_BYTES) return sentence("image-too-large", { sizeGiB: Math.ceil(facts.virtualSizeBytes / GIB), limitGiB: MAX_VIRTUAL_SIZE_BYTES / GIB });
  if (format === "raw" && facts.fileSizeBytes % SECTOR_BYTES !== 0) return sentence("image-not-raw", { bytes: facts.fileSizeBytes, sectorBytes: SECTOR_BYTES });
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

function reasonOf(row: ImageRow): Said | null {
  if (row.statusReason !== null) return row.statusWords ? { text: row.statusReason, words: row.statusWords } : row.statusReason;
  return row.status === "importing" ? sentence(row.uploadedAt ? "image-copying" : "image-awaited") : null;
}

export function toImageView(row: ImageRow): ImageView {
  const reason = reasonOf(row);
  return {
    id: row.id, name: row.name, description: row.description, public: row.organizationId === null, status: row.status,
    statusReason: reason === null ? null : textOf(reason), statusWords: reason === null ? null : wordsOf(reason),
    format: row.format, sizeBytes: row.sizeBytes, virtualSizeMiB: row.virtualSizeMiB, minimumMemoryMiB: row.minimumMemoryMiB, createdAt: row.createdAt,
  };
}
