import { listPriceVersionsIn, readCurrencyIn } from "@/server/catalog";
import { getInstance, standOf } from "@/server/compute";
import type { SetConsentInput } from "@/server/compute/consent/schema";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { windowHours } from "../automation/preview-automation";
import { inWindows, minutesLeft } from "../automation/rules";

/** What an owner's word about moves would mean. Failures and maintenance do not ask, whatever is said here. */
export interface ConsentEffect {
  /** Where the owner would stand to a move at this moment. */
  readonly now: "agrees" | "refuses" | "wants-notice" | "notified";
  /** Minutes until a window that forbids moves ends; null outside of one. */
  readonly minutesLeft: number | null;
  /** Hours of a week in which the machine is not moved for balance or sleep. */
  readonly protectedHoursPerWeek: number;
  readonly noticeMinutes: number;
  /** What agreeing to every move takes off the machine's price; null where its price knows no such discount. */
  readonly discount: { readonly fraction: number; readonly microsPerHour: number; readonly currency: string } | null;
}

const BASIS_POINTS = 10_000;

/** Says what `setConsent` with the same input would mean; changes nothing. */
export async function previewConsent(context: Context & { readonly organizationId: string }, input: SetConsentInput): Promise<ConsentEffect> {
  const instance = await getInstance(context, { instanceId: input.instanceId });
  const now = context.clock.now();
  const inWindow = inWindows(input.notDuring, input.timeZone, now);
  const price = await inTransaction(context, async (tx) => {
    const currency = await readCurrencyIn(tx, context.organizationId);
    const versions = (await listPriceVersionsIn(tx, currency)).filter((row) => row.meter === "instance" && row.flavorId === instance.flavorId && row.validFrom <= now);
    return versions.toSorted((a, b) => b.validFrom.getTime() - a.validFrom.getTime())[0] ?? null;
  }, { readOnly: true });
  const points = price?.movableDiscountBasisPoints ?? 0;
  return {
    now: standOf({ ...input, noticeGivenAt: null }, inWindow, now.getTime()),
    minutesLeft: input.movableForDiscount ? null : minutesLeft(input.notDuring, input.timeZone, now),
    protectedHoursPerWeek: input.movableForDiscount ? 0 : windowHours(input.notDuring, input.timeZone, now.getTime()),
    noticeMinutes: input.movableForDiscount ? 0 : input.noticeMinutes,
    discount: price && points > 0 ? { fraction: points / BASIS_POINTS, microsPerHour: Math.round((price.microsPerHour * points) / BASIS_POINTS), currency: price.currency } : null,
  };
}
