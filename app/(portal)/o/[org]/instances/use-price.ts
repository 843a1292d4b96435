"use client";

import { useQuery } from "@tanstack/react-query";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";
import type { Instance } from "./[id]/types";

export interface InstancePrice {
  readonly currency: string;
  /** Millionths of the currency's main unit an hour: machine, disk and addresses. */
  readonly runningMicros: number;
  /** The same without the machine: disk and addresses are kept while it is off. */
  readonly stoppedMicros: number;
}

/** What an instance costs an hour now, on and off; null while it is not known or where something has no price. */
export function usePrice(instance: Pick<Instance, "flavorId" | "diskGiB" | "addresses"> | undefined): InstancePrice | null {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  const machine = flavors.data?.find((candidate) => candidate.id === instance?.flavorId)?.microsPerHour ?? null;
  const storage = prices.data?.storageGiBMicrosPerHour ?? null;
  if (!instance || machine === null || storage === null || !prices.data) return null;
  const stoppedMicros = storage * instance.diskGiB + (prices.data.addressMicrosPerHour ?? 0) * instance.addresses.length;
  return { currency: prices.data.currency, runningMicros: machine + stoppedMicros, stoppedMicros };
}
