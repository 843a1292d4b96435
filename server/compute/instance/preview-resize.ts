import { readCurrencyIn, readPricesIn, type PriceList } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { readQuotaIn } from "@/server/quota";
import { planResize } from "./plan-resize";
import { fullClaim, type Sizes } from "./rules";
import { resizeInstanceInput, type ResizeInstanceInput } from "./schema";
import { requireVerb } from "./state";
import { selectInstance, selectObservationOf } from "./store";
import type { ResizePreview } from "./types";

/** What a resize would cost, leave of the quota, and whether it would be live; refuses what `resizeInstance` would refuse of its input. */
export async function previewResize(context: Context, input: ResizeInstanceInput): Promise<ResizePreview> {
  const asked = resizeInstanceInput.parse(input);
  return inTransaction(
    context,
    async (tx) => {
      const row = await selectInstance(tx, context, asked.instanceId);
      if (!row || row.purgedAt) throw notFound("instance", asked.instanceId);
      requireVerb(row, "resize", context.clock.now());
      const planned = await planResize(tx, row, await selectObservationOf(tx, row.id), asked);
      const after = planned?.sizes ?? row;
      const prices = await readPricesIn(tx, context, await readCurrencyIn(tx, row.organizationId));
      const { resources } = await readQuotaIn(tx, row.organizationId);
      const wanted = fullClaim(after);
      const present = fullClaim(row);
      return {
        priceBefore: pricePerHour(prices, row.flavorId, row),
        priceAfter: pricePerHour(prices, planned?.flavorId ?? row.flavorId, after),
        currency: prices.currency,
        quotaAfter: {
          vcpus: resources.vcpus.left - (wanted.vcpus - present.vcpus),
          memoryMiB: resources.memoryMiB.left - (wanted.memoryMiB - present.memoryMiB),
          storageGiB: resources.storageGiB.left - (wanted.storageGiB - present.storageGiB),
        },
        live: planned?.effect.effect !== "at-next-boot",
        reason: planned?.effect.effect === "at-next-boot" ? planned.effect.effectText : null,
        reasonWords: planned?.effect.effect === "at-next-boot" ? planned.effect.effectWords : null,
      };
    },
    { readOnly: true },
  );
}

/** An hour of running with this disk; null where neither has a price. */
function pricePerHour(prices: PriceList, flavorId: string, sizes: Sizes): number | null {
  const flavor = prices.flavors.get(flavorId)?.microsPerHour;
  const storage = prices.storage?.microsPerHour;
  if (flavor === undefined && storage === undefined) return null;
  return (flavor ?? 0) + (storage ?? 0) * sizes.diskGiB;
}
