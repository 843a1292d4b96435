"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { useFormats } from "@/app/_i18n/use-formats";

type Capacity = RouterOutputs["admin"]["clusters"]["list"]["items"][number]["capacity"];
const RESOURCES = ["vcpus", "memoryMiB", "storageMiB"] as const;

/** Sold against what may be sold; the mark is the hardware itself. */
export function CapacityBars({ capacity }: { readonly capacity: Capacity }) {
  const t = useTranslations("admin.capacity");
  const formats = useFormats();
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      {RESOURCES.map((key) => {
        const line = capacity[key];
        const size = key === "vcpus" ? formats.number : formats.mebibytes;
        return (
          <MeterBar
            key={key}
            label={t(key)}
            value={t("sold", { sold: size(line.committed), sellable: size(line.sellable) })}
            used={line.committed}
            limit={Math.max(line.sellable, line.physical)}
            mark={line.sellable > line.physical ? { at: line.physical, title: t("physical", { size: size(line.physical) }) } : undefined}
            note={t(key === "storageMiB" ? "noteStorage" : "note", { physical: size(line.physical), reserved: size(line.reserved) })}
          />
        );
      })}
    </div>
  );
}
