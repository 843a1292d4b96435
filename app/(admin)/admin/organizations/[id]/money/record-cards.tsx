"use client";

import { useTranslations } from "next-intl";
import { Moment } from "@/app/_components/time-ago";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Money } from "./types";

/** Periods that nothing comes into any more. */
export function PeriodsCard({ periods }: Pick<Money, "periods">) {
  const t = useTranslations("adminMoney.usage");
  return (
    <Card>
      <CardHead title={t("periods")} description={t("periodsText")} />
      {periods.length === 0 ? (
        <CardBody className="text-muted">{t("noPeriods")}</CardBody>
      ) : (
        <Table label={t("periods")}>
          <thead><tr><Th>{t("from")}</Th><Th>{t("to")}</Th><Th>{t("billed")}</Th></tr></thead>
          <tbody>
            {periods.map((period) => (
              <Tr key={period.startedAt.toISOString()}>
                <Td className="whitespace-nowrap"><Moment at={period.startedAt} /></Td>
                <Td className="whitespace-nowrap"><Moment at={period.endedAt} /></Td>
                <Td className="whitespace-nowrap">{period.billedAt ? <Moment at={period.billedAt} /> : <span className="text-warn">{t("notBilled")}</span>}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

/** What outages of billed months were worth, with what caused them. */
export function SlaCard({ credits }: { readonly credits: Money["slaCredits"] }) {
  const t = useTranslations("adminMoney.organization");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={t("sla")} description={t("slaText")} />
      {credits.length === 0 ? (
        <CardBody className="text-muted">{t("noSla")}</CardBody>
      ) : (
        <Table label={t("sla")}>
          <thead><tr><Th>{t("slaMonth")}</Th><Th right>{t("downtime")}</Th><Th right>{t("slaCredit")}</Th></tr></thead>
          <tbody>
            {credits.map((credit) => (
              <Tr key={credit.id}>
                <Td>{formats.date(credit.periodStart)}<span className="block font-mono text-tiny text-muted">{credit.instanceId}</span><span className="block font-mono text-tiny text-muted">{[...new Set(credit.outages.map((outage) => outage.cause))].join(", ")}</span></Td>
                <Td right className="align-top">{formats.duration(credit.downtimeMs)}</Td>
                <Td right className="align-top">{credit.creditMicros > 0 ? formats.money(credit.creditMicros, credit.currency) : "–"}<span className="block text-xs text-muted">{formats.percent(credit.creditBasisPoints / 10_000)}</span></Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
