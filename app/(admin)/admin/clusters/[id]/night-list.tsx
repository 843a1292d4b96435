"use client";

import { Download } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { saveFile } from "@/app/_components/save-file";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPCClient } from "@/app/_trpc/client";

type Timeline = RouterOutputs["admin"]["automation"]["powerTimeline"];

/** Night by night against the same nights replayed with every host awake; each with the file that anyone can compute it again from. */
export function NightList({ power }: { readonly power: Timeline }) {
  const t = useTranslations("admin.nights");
  const formats = useFormats();
  const client = useTRPCClient();
  const save = async (reportId: string): Promise<void> => {
    const { fileName, text } = await client.admin.automation.exportEnergy.query({ reportId });
    saveFile(fileName, "application/json", text);
  };
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      {power.reports.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : (
        <Table label={t("title")}>
          <thead><tr><Th>{t("night")}</Th><Th right>{t("without")}</Th><Th right>{t("used")}</Th><Th right>{t("moves")}</Th><Th right>{t("saved")}</Th><Th right>{t("money")}</Th><Th right>{t("carbon")}</Th><Th right>{t("measured")}</Th><Th><span className="sr-only">{t("download")}</span></Th></tr></thead>
          <tbody>
            {power.reports.map((report) => {
              const measured = report.inputs["measuredFraction"];
              return (
                <Tr key={report.id}>
                  <Td className="whitespace-nowrap">{formats.date(report.from)}</Td>
                  <Td right className="text-muted">{formats.number(report.withoutSleepKwh, 2)}</Td>
                  <Td right>{formats.number(report.usedKwh, 2)}</Td>
                  <Td right className="text-muted">{formats.number(report.movesKwh, 3)}</Td>
                  <Td right className="font-medium">{formats.number(report.savedKwh, 2)}</Td>
                  <Td right>{formats.money(report.savedMicros, report.currency)}</Td>
                  <Td right>{t("kilograms", { kg: formats.number(report.savedCarbonGrams / 1_000, 2) })}</Td>
                  <Td right className="text-muted">{typeof measured === "number" ? formats.percent(measured) : "–"}</Td>
                  <Td right><Button variant="ghost" size="iconSm" aria-label={t("downloadOf", { night: formats.date(report.from) })} title={t("download")} onClick={() => void save(report.id)}><Download aria-hidden /></Button></Td>
                </Tr>
              );
            })}
          </tbody>
        </Table>
      )}
      <p className="border-t px-4 py-2.5 text-xs text-muted">{t("how")}</p>
    </Card>
  );
}
