"use client";

import { Check, X } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";

type Receipt = NonNullable<RouterOutputs["admin"]["rehearsals"]["get"]["receipt"]>;
type Figure = Receipt["figures"][number];

const NAMES = ["moves", "sleeps", "usedKwh", "savedKwh", "detectMs", "fenceMs", "backMs", "restarted", "vcpusSellable", "waiting", "hottestFraction", "placed", "wakes", "emptySeconds", "longestPauseMs"] as const;
const isName = (name: string): name is (typeof NAMES)[number] => NAMES.some((one) => one === name);

/** What was foretold beside what was measured, with the bound that was stated beforehand. */
export function ReceiptTable({ receipt }: { readonly receipt: Receipt }) {
  const t = useTranslations("admin.receipt");
  const formats = useFormats();
  const say = (one: Figure, value: number): string => (one.unit === "ms" ? formats.duration(value) : one.unit === "seconds" ? formats.duration(value * 1_000) : one.unit === "fraction" ? formats.percent(value) : one.unit === "kwh" ? t("kwh", { kwh: formats.number(value, 3) }) : formats.number(value, 1));
  return (
    <section className="grid gap-2">
      <h3 className="font-medium">{t("title")}</h3>
      {receipt.note ? <p className="text-xs text-muted">{t(`notes.${receipt.note}`)}</p> : null}
      <Table label={t("title")}>
        <thead><tr><Th>{t("figure")}</Th><Th right>{t("foretold")}</Th><Th right>{t("measured")}</Th><Th right>{t("bound")}</Th></tr></thead>
        <tbody>
          {receipt.figures.map((one) => (
            <Tr key={one.figure}>
              <Td className="h-8 py-1">{isName(one.figure) ? t(`figures.${one.figure}`) : one.figure}</Td>
              <Td right className="h-8 py-1 text-muted">{say(one, one.value)}</Td>
              <Td right className="h-8 py-1 font-medium">
                <span className="inline-flex items-center gap-1.5">
                  {one.measured === null ? "–" : say(one, one.measured)}
                  {one.agrees === null ? null : one.agrees ? <Check aria-label={t("agrees")} className="size-4 text-good" /> : <X aria-label={t("differs")} className="size-4 text-bad" />}
                </span>
              </Td>
              <Td right className="h-8 py-1 text-muted">± {say(one, one.bound)}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
