import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { ImageRow, InstanceRow } from "../types";
import { rootVolumeName, seedVolumeName } from "./rules";

/**
 * The disks of one rebuild: a root disk over the image, and the seed that the guest reads at its first boot. The seed's
 * size is 0 GiB: it is ours, so it is neither sold nor metered.
 */
export function volumesOf(context: Context, row: Pick<InstanceRow, "id" | "organizationId" | "diskGiB" | "rebuildGeneration">, image: Pick<ImageRow, "volume" | "format">, poolId: string) {
  const common = { organizationId: row.organizationId, instanceId: row.id, poolId, rebuildGeneration: row.rebuildGeneration, state: "wanted" as const, createdAt: context.clock.now() };
  return [
    {
      ...common, id: mintId("volume", context), name: rootVolumeName(row.id, row.rebuildGeneration), kind: "root" as const, format: "qcow2" as const,
      sizeGiB: row.diskGiB, backingVolume: image.volume, backingFormat: image.format,
    },
    { ...common, id: mintId("volume", context), name: seedVolumeName(row.id, row.rebuildGeneration), kind: "seed" as const, format: "raw" as const, sizeGiB: 0, backingVolume: null, backingFormat: null },
  ];
}
