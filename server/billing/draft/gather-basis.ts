import { listPriceVersionsIn, type PriceVersionRow } from "@/server/catalog";
import { listAdjustments, listUsageWindows, readPeriodsAround, type UsageAdjustmentRow, type UsageWindowRow } from "@/server/metering";
import type { Transaction } from "@/server/platform/transaction";
import type { Commitment, Discount, LateUse, PriceVersion, UsageWindow } from "@/server/rating";
import { readOrganization } from "@/server/tenancy";
import { sayOutages, selectGrants } from "../credit";
import { selectIssuer, selectProfile, taxRates } from "../profile";
import { billingPeriod, periodEnd } from "../rules";
import { selectCommitments, selectCreditsOfPeriod, selectDiscounts } from "./store";
import type { Basis, CommitmentRow, LatePeriod } from "./types";

/** Metered in every installation, sold in some. */
const SOLD_LATER: readonly string[] = ["snapshot", "image", "desktop"];

/** The billing period of an organization around a moment: a closed one as it was closed, else what follows the last closed one. */
export async function findPeriod(tx: Transaction, organizationId: string, timeZone: string, at: Date): Promise<{ readonly start: Date; readonly end: Date }> {
  const { closed, before } = await readPeriodsAround(tx, organizationId, at);
  if (closed) return { start: closed.startedAt, end: closed.endedAt };
  if (!before) return billingPeriod(timeZone, at);
  let start = before.endedAt;
  let end = periodEnd(timeZone, start);
  while (end <= at) {
    start = end;
    end = periodEnd(timeZone, start);
  }
  return { start, end };
}

/** Reads everything that the period around `at` is rated from. Call it in a repeatable read, so that all of it is of one moment. */
export async function gatherBasis(tx: Transaction, organizationId: string, at: Date): Promise<Basis> {
  const organization = await readOrganization(tx, organizationId);
  const { start, end } = await findPeriod(tx, organizationId, organization.timeZone, at);
  const period = { startMs: start.getTime(), endMs: end.getTime() };
  const [issuer, profile] = [await selectIssuer(tx), await selectProfile(tx, organizationId)];
  const prices = (await listPriceVersionsIn(tx, organization.currency)).map(toPrice);
  const rates = taxRates(issuer.country, profile?.country ?? "JP");
  const sold = new Set(prices.map((price) => price.meter));
  // What is metered for later and was never on sale in this currency is not missing a price.
  const windows = (await listUsageWindows(tx, organizationId, { from: start, to: end })).filter((window) => sold.has(window.meter) || !SOLD_LATER.includes(window.meter));
  const redeemed = await selectDiscounts(tx, organizationId, start, end);
  const usedHere = await selectCreditsOfPeriod(tx, organizationId, start);
  const grants = (await selectGrants(tx, organizationId)).filter((grant) => grant.voidedAt === null && grant.validFrom < end && (grant.expiresAt === null || grant.expiresAt > start) && grant.currency === organization.currency);
  const discounts = [
    ...redeemed.filter((row) => row.currency === organization.currency).map((row): Discount => ({
      id: row.id, kind: "coupon", basisPoints: row.basisPoints, startMs: row.startsAt.getTime(), endMs: row.endsAt.getTime(), meters: row.meters, leftMicros: row.maxMicros === null ? null : atLeastNothing(row.maxMicros - row.usedMicros),
    })),
    // A grant that came before the period's end pays for all of the period, and for nothing that was used after it expired.
    ...grants.map((grant): Discount => ({
      id: grant.id, kind: "credit", basisPoints: 10_000, startMs: period.startMs, endMs: grant.expiresAt === null ? period.endMs : Math.min(grant.expiresAt.getTime(), period.endMs), meters: null,
      leftMicros: atLeastNothing(grant.leftMicros + (usedHere.get(grant.id) ?? 0)), coversFees: true,
    })),
  ].filter((discount) => discount.leftMicros !== 0n);
  const latePeriods = await gatherLate(tx, organizationId, start, { prices, currency: organization.currency, taxRates: rates });
  return {
    organizationId, timeZone: organization.timeZone, period, windows,
    input: { windows: windows.map(toWindow), prices, period, currency: organization.currency, commitments: (await selectCommitments(tx, organizationId, start, end)).map(toCommitment), discounts, taxRates: rates },
    latePeriods: latePeriods.periods, adjustmentIds: latePeriods.ids,
    labels: new Map([...redeemed.map((row) => [row.id, row.code] as const), ...grants.map((grant) => [grant.id, grant.reason] as const)]),
    labelWords: await sayOutages(tx, organizationId),
  };
}

function atLeastNothing(micros: number): bigint {
  return BigInt(Math.max(0, micros));
}

/** Late facts that no invoice has yet, with the closed period that each of them is of. */
async function gatherLate(tx: Transaction, organizationId: string, before: Date, terms: Pick<LatePeriod["closed"], "prices" | "currency" | "taxRates">): Promise<{ readonly periods: LatePeriod[]; readonly ids: string[] }> {
  const all = await listAdjustments(tx, organizationId);
  const open = all.filter((row) => row.invoiceId === null && row.startedAt < before);
  const periods: LatePeriod[] = [];
  const done = new Set<number>();
  for (const row of open) {
    const { closed } = await readPeriodsAround(tx, organizationId, row.startedAt);
    if (!closed || done.has(closed.startedAt.getTime())) continue;
    done.add(closed.startedAt.getTime());
    const within = (one: UsageAdjustmentRow): boolean => one.startedAt >= closed.startedAt && one.startedAt < closed.endedAt;
    periods.push({
      closed: {
        ...terms, period: { startMs: closed.startedAt.getTime(), endMs: closed.endedAt.getTime() }, windows: (await listUsageWindows(tx, organizationId, { from: closed.startedAt, to: closed.endedAt })).map(toWindow),
        commitments: (await selectCommitments(tx, organizationId, closed.startedAt, closed.endedAt)).map(toCommitment),
      },
      known: all.filter((one) => one.invoiceId !== null && within(one)).map(toLate),
      late: open.filter(within).map(toLate),
    });
  }
  return { periods, ids: open.map((row) => row.id) };
}

/** A price with all its terms, as rating takes it. */
export function toPrice(row: PriceVersionRow): PriceVersion {
  return {
    id: row.id, meter: row.meter, flavorId: row.flavorId, storageClass: row.storageClass, currency: row.currency, microsPerHour: row.microsPerHour, validFromMs: row.validFrom.getTime(), incrementSeconds: row.incrementSeconds,
    minimumSeconds: row.minimumSeconds, minimumMicros: row.minimumMicros, monthlyCapMicros: row.monthlyCapMicros, tiers: row.tiers, includedUnitHours: row.includedUnitHours, movableDiscountBasisPoints: row.movableDiscountBasisPoints, taxCategory: row.taxCategory,
  };
}

export function toWindow(row: UsageWindowRow): UsageWindow {
  return {
    id: row.id, meter: row.meter, resourceId: row.resourceId, instanceId: row.instanceId, flavorId: row.flavorId, storageClass: row.storageClass, quantity: row.quantity, movable: row.movable,
    startedAtMs: row.startedAt.getTime(), endedAtMs: row.endedAt.getTime(),
  };
}

function toCommitment(row: CommitmentRow): Commitment {
  return { id: row.id, meter: row.meter, flavorId: row.flavorId, units: row.units, microsPerHour: row.microsPerHour, startMs: row.startsAt.getTime(), endMs: row.endsAt.getTime(), taxCategory: row.taxCategory };
}

function toLate(row: UsageAdjustmentRow): LateUse {
  return {
    id: row.id, meter: row.meter, resourceId: row.resourceId, instanceId: row.instanceId, flavorId: row.flavorId, storageClass: row.storageClass, movable: row.movable, quantity: row.quantity,
    startedAtMs: row.startedAt.getTime(), endedAtMs: row.endedAt.getTime(), direction: row.direction,
  };
}
