"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import type { Instance } from "./[id]/types";
import { usePrice } from "./use-price";

interface PriceLineProps {
  readonly instance: Pick<Instance, "flavorId" | "diskGiB" | "addresses"> | undefined;
  /** What it will be when the button was pressed: on, off, in the trash, or as it is. */
  readonly as: "running" | "stopped" | "trash" | "same";
  readonly className?: string;
}

/** What an instance costs after an action, by the hour and by the month; nothing while that is not known. */
export function PriceLine({ instance, as, className }: PriceLineProps) {
  const t = useTranslations("money.start");
  const formats = useFormats();
  const price = usePrice(instance);
  if (!price) return null;
  const micros = as === "running" || as === "same" ? price.runningMicros : price.stoppedMicros;
  return <p className={className ?? "numeric text-xs text-muted"}>{t(as, { hour: formats.perHour(micros, price.currency), month: formats.perMonth(micros, price.currency) })}</p>;
}

/** The same for a row of the list, which does not bring everything that is priced. */
export function StartPriceLine({ instanceId }: { readonly instanceId: string }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.instances.get.queryOptions({ organization, instanceId }));
  return <PriceLine instance={query.data} as="running" className="numeric min-h-4 px-2 pb-1.5 pl-8 text-xs text-muted" />;
}
