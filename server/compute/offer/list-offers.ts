import { listFlavorsIn, readCurrencyIn, type FlavorView } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { exceeding, readQuotaIn } from "@/server/quota";
import { fullClaim } from "../instance/rules";

export interface Offer extends FlavorView {
  /** The quota that is left takes one more of this size. */
  readonly fits: boolean;
}

/** Sizes that the organization can order, with its price and whether its quota has room. */
export async function listOffers(context: Context, organizationId: string): Promise<Offer[]> {
  return inTransaction(
    context,
    async (tx) => {
      const quota = await readQuotaIn(tx, organizationId);
      const flavors = await listFlavorsIn(tx, context, await readCurrencyIn(tx, organizationId));
      return flavors.map((flavor) => ({ ...flavor, fits: exceeding(quota, fullClaim(flavor)).length === 0 }));
    },
    { readOnly: true },
  );
}
