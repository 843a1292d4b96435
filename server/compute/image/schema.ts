import { z } from "zod";

/** 64 GiB: larger than any installed system that is sold as an image, small enough to be sent in one request. */
export const MAX_UPLOAD_BYTES = 64 * 1024 ** 3;

export const beginUploadInput = z.object({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(1000).default(""),
  format: z.enum(["qcow2", "raw"]),
  sizeBytes: z.number().int().min(512, { error: "is too small for a disk" }).max(MAX_UPLOAD_BYTES, { error: "is larger than 64 GiB, the most that can be sent" }),
  /** Of the file; checked when it has arrived. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "is no sha256 in lower-case hexadecimal" }).optional(),
  minimumMemoryMiB: z.number().int().min(32).max(1_048_576).default(64),
});
export type BeginUploadInput = z.input<typeof beginUploadInput>;

export const imageRef = z.object({ imageId: z.string().min(1).max(64) });
export type ImageRef = z.infer<typeof imageRef>;
