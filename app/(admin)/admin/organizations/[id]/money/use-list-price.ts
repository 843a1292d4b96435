"use client";

import { useQuery } from "@tanstack/react-query";
import { useNow } from "next-intl";
import { useTRPC } from "@/app/_trpc/client";

/** What the list asks now for a unit-hour, micros of the currency; null where it has no price or asks nothing. */
export function useListPrice(currency: string): (meter: string, flavorId: string | null) => number | null {
  const trpc = useTRPC();
  const now = useNow({ updateInterval: 60_000 });
  const prices = useQuery(trpc.admin.catalog.prices.queryOptions());
  return (meter, flavorId) => {
    const versions = (prices.data ?? []).filter((price) => price.currency === currency && price.meter === meter && price.flavorId === flavorId && price.storageClass === null && price.validFrom <= now);
    const newest = versions.toSorted((a, b) => b.validFrom.getTime() - a.validFrom.getTime())[0];
    return newest && newest.microsPerHour > 0 ? newest.microsPerHour : null;
  };
}
