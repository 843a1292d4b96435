"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import type { Pool } from "../pool-figures";

interface CostProps {
  readonly pool: Pool;
  /** As they stand in the form. */
  readonly maximum: number;
  readonly minimumReady: number;
}

/** What a pool costs at its most and with nobody in it, before and after a change of its size; nothing where something has no price. */
export function PoolCost({ pool, maximum, minimumReady }: CostProps) {
  const t = useTranslations("desktopPools.price");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  const flavor = flavors.data?.find((candidate) => candidate.name === pool.flavorName);
  const storage = prices.data?.storageGiBMicrosPerHour ?? null;
  if (!flavor || flavor.microsPerHour === null || storage === null) return null;
  const one = flavor.microsPerHour + storage * flavor.diskGiB + (prices.data?.addressMicrosPerHour ?? 0);
  const { currency } = flavor;
  return (
    <dl aria-live="polite" className="grid gap-2 rounded-md border p-3 sm:grid-cols-2">
      <Cost label={t("maximum", { count: whole(maximum) })} before={one * pool.maximum} after={one * whole(maximum)} currency={currency} />
      <Cost label={t("readyNow", { count: whole(minimumReady) })} before={one * pool.minimumReady} after={one * whole(minimumReady)} currency={currency} />
    </dl>
  );
}

const whole = (value: number): number => (Number.isNaN(value) ? 0 : value);

function Cost({ label, before, after, currency }: { readonly label: string; readonly before: number; readonly after: number; readonly currency: string }) {
  const formats = useFormats();
  return (
    <div className="grid gap-0.5">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="numeric">
        {before === after ? null : <><s className="text-muted">{formats.perHour(before, currency)}</s>{" "}</>}
        <strong className="font-semibold">{formats.perHour(after, currency)}</strong>
        <span className="block text-xs text-muted">{formats.perMonth(after, currency)}</span>
      </dd>
    </div>
  );
}
