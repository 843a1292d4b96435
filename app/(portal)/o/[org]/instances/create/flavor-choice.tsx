"use client";

import type { UseQueryResult } from "@tanstack/react-query";
import { PackageX } from "lucide-react";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { Badge } from "@/app/_components/ui/badge";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Flavor } from "./types";

interface FlavorChoiceProps {
  readonly query: UseQueryResult<Flavor[], unknown>;
  readonly value: string;
  readonly onChange: (flavorId: string) => void;
}

export const choiceClass =
  "relative grid cursor-pointer gap-1 rounded-md border p-3 text-left transition-colors has-checked:border-accent has-checked:bg-accent-soft/60 has-checked:ring-1 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-accent has-disabled:cursor-not-allowed has-disabled:opacity-55 not-has-disabled:hover:border-line-strong";

export function FlavorChoice({ query, value, onChange }: FlavorChoiceProps) {
  const t = useTranslations("flavor");
  const units = useTranslations("units");
  const formats = useFormats();
  return (
    <Loaded query={query}>
      {(flavors) =>
        flavors.length === 0 ? (
          <EmptyState icon={PackageX} title={t("none")}>{t("noneText")}</EmptyState>
        ) : (
          <div role="radiogroup" aria-label={t("label")} className="grid gap-2.5 sm:grid-cols-2 xl:grid-cols-3">
            {flavors.map((flavor) => (
              <label key={flavor.id} className={choiceClass}>
                <input type="radio" name="flavor" className="sr-only" value={flavor.id} checked={value === flavor.id} disabled={!flavor.fits} onChange={() => onChange(flavor.id)} />
                <span className="flex items-center justify-between gap-2">
                  <span className="font-medium">{flavor.name}</span>
                  <Badge tone={flavor.class === "dedicated" ? "accent" : "neutral"} title={t(`classText.${flavor.class}`)}>{t(`class.${flavor.class}`)}</Badge>
                </span>
                <span className="text-muted">
                  {units("vcpus", { count: flavor.vcpus })} · {formats.mebibytes(flavor.memoryMiB)} · {formats.gibibytes(flavor.diskGiB)}
                </span>
                {flavor.microsPerHour === null ? (
                  <span className="text-muted">{t("noPrice")}</span>
                ) : (
                  <span className="numeric mt-1 flex flex-wrap items-baseline justify-between gap-x-2">
                    <span className="font-medium">{formats.perHour(flavor.microsPerHour, flavor.currency)}</span>
                    <span className="text-xs text-muted">{formats.perMonth(flavor.microsPerHour, flavor.currency)}</span>
                  </span>
                )}
                {flavor.fits ? null : <span className="text-xs text-warn">{t("overQuota")}</span>}
              </label>
            ))}
          </div>
        )
      }
    </Loaded>
  );
}
