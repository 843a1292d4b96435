import type { ImageStatus } from "./types";

/** Where an image may go from where; `importing` begins with an awaited upload. */
export const IMAGE_TRANSITIONS: Readonly<Record<ImageStatus, readonly ImageStatus[]>> = {
  importing: ["available", "failed", "retired"],
  available: ["retired"],
  failed: ["retired"],
  retired: [],
};

export function mayBecome(from: ImageStatus, to: ImageStatus): boolean {
  return IMAGE_TRANSITIONS[from].includes(to);
}
