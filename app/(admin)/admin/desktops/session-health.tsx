"use client";

import { useTranslations } from "next-intl";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Overview, Spread } from "./types";

const GIVEN = ["running", "resuming", "starting", "cloning", "queued"] as const;

/** How long people waited for a desktop, for its first picture, and for an answer of it. */
export function SessionHealth({ overview }: { readonly overview: Overview }) {
  const t = useTranslations("admin.desktops");
  const given = useTranslations("desktopPools.sessions.givenAs");
  const waits = GIVEN.flatMap((name) => overview.waits.filter((one) => one.given === name));
  return (
    <Card>
      <CardHead title={t("sessions")} description={t("sessionsText")} />
      <Table label={t("sessions")}>
        <thead>
          <tr>
            <Th>{t("measure")}</Th>
            <Th right>{t("count")}</Th>
            <Th right>p50</Th>
            <Th right>p95</Th>
          </tr>
        </thead>
        <tbody>
          {waits.map((one) => <SpreadRow key={one.given} label={t("waitFor", { given: given(one.given) })} spread={one.spread} />)}
          <SpreadRow label={t("connect")} spread={overview.connectMs} />
          <SpreadRow label={t("latency")} spread={overview.latencyMs} />
        </tbody>
      </Table>
    </Card>
  );
}

function SpreadRow({ label, spread }: { readonly label: string; readonly spread: Spread }) {
  const formats = useFormats();
  const show = (value: number | null): string => (value === null ? "–" : formats.duration(value));
  return (
    <Tr>
      <Td>{label}</Td>
      <Td right>{formats.number(spread.count)}</Td>
      <Td right className="whitespace-nowrap">{show(spread.p50)}</Td>
      <Td right className="whitespace-nowrap">{show(spread.p95)}</Td>
    </Tr>
  );
}
