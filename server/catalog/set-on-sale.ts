import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { setOnSaleInput, type SetOnSaleInput } from "./schema";
import { selectFlavorById, updateOnSale } from "./store";
import type { FlavorRow } from "./types";

/** Offers a size, or takes it off the offer; machines that have it keep it. */
export async function setOnSale(context: Context, input: SetOnSaleInput): Promise<FlavorRow> {
  const { flavorId, onSale } = setOnSaleInput.parse(input);
  return inTransaction(context, async (tx) => {
    const flavor = await selectFlavorById(tx, flavorId);
    if (!flavor) throw notFound("flavor", flavorId);
    if (flavor.onSale === onSale) return flavor;
    await updateOnSale(tx, flavorId, onSale);
    await announce(tx, { organizationId: null, topic: "catalog", id: flavorId });
    await recordAudit(tx, context, { organizationId: null, action: "flavor.on-sale-set", targetKind: "flavor", targetId: flavorId, before: { onSale: flavor.onSale }, after: { onSale } });
    return { ...flavor, onSale };
  });
}
