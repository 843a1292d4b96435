import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { addPriceVersionInput, type AddPriceVersionInput } from "./schema";
import { insertPriceVersion, selectFlavorById } from "./store";
import type { PriceVersionRow } from "./types";

/**
 * Sets a price from a moment on. Not in the past: what was used already keeps its price. Versions are never edited; a
 * later one takes over.
 */
export async function addPriceVersion(context: Context, input: AddPriceVersionInput): Promise<PriceVersionRow> {
  const price = addPriceVersionInput.parse(input);
  const now = context.clock.now();
  const validFrom = price.validFrom ?? now;
  if (validFrom.getTime() < now.getTime()) {
    throw new Problem("bad-input", sentence("refused-price-past", { validFromAt: validFrom.toISOString() }), { field: "validFrom" });
  }
  return inTransaction(context, async (tx) => {
    if (price.flavorId !== undefined && !(await selectFlavorById(tx, price.flavorId))) throw notFound("flavor", price.flavorId);
    const { flavorId = null, storageClass = null, ...terms } = price;
    const made = await insertPriceVersion(tx, { ...terms, id: mintId("priceVersion", context), flavorId, storageClass, validFrom, createdAt: now, createdBy: context.actor.id });
    if (!made) throw new Problem("conflict", sentence("refused-price-taken", { validFromAt: validFrom.toISOString() }), { field: "validFrom" });
    await announce(tx, { organizationId: null, topic: "catalog", id: made.id });
    await recordAudit(tx, context, {
      organizationId: null, action: "price-version.added", targetKind: "price-version", targetId: made.id,
      after: { meter: made.meter, flavorId: made.flavorId, currency: made.currency, microsPerHour: made.microsPerHour, validFrom: validFrom.toISOString() },
    });
    return made;
  });
}
