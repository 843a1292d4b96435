import type { Readable } from "node:stream";
import type { Words } from "@/server/platform/sentences";
import type { ImageRow } from "../types";

export type ImageStatus = ImageRow["status"];
export type ImageFormat = "qcow2" | "raw";

export interface ImageView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Offered to everybody. */
  readonly public: boolean;
  readonly status: ImageStatus;
  readonly statusReason: string | null;
  readonly statusWords: readonly Words[] | null;
  readonly format: ImageFormat;
  readonly sizeBytes: number;
  readonly virtualSizeMiB: number;
  readonly minimumMemoryMiB: number;
  readonly createdAt: Date;
}

/** What a file says of itself; a driver reads it (drivers/disk-image), the front door hands it in. */
export interface ImageFacts {
  readonly virtualSizeBytes: number;
  readonly fileSizeBytes: number;
  readonly backingFile: string | null;
  readonly dataFile: string | null;
  readonly encrypted: boolean;
  readonly corrupt: boolean;
}

export interface ImageInspector {
  inspect(path: string, format: ImageFormat): Promise<ImageFacts | { readonly invalid: string }>;
}

export interface Upload {
  readonly imageId: string;
  readonly body: Readable;
  /** Folder that the worker reads from too. */
  readonly directory: string;
  readonly inspector: ImageInspector;
}
