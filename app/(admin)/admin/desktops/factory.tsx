"use client";

import { useTranslations } from "next-intl";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Overview } from "./types";

type State = Overview["factory"][number]["state"];
const TONES: Record<State, Tone> = { checking: "accent", checked: "warn", published: "good", failed: "bad", retired: "neutral" };
const FAILURES = ["no-answer", "blank-screen", "machine-deleted"] as const;

/** Versions of golden images: what is being checked, what waits to be published, what failed, what is in use. */
export function Factory({ rows }: { readonly rows: Overview["factory"] }) {
  const t = useTranslations("admin.desktops");
  const words = useTranslations("desktopPools.images");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={t("factory")} description={t("factoryText")} />
      {rows.length === 0 ? (
        <p className="p-4 text-muted">{t("noVersions")}</p>
      ) : (
        <Table label={t("factory")}>
          <thead>
            <tr>
              <Th>{t("image")}</Th>
              <Th>{words("state")}</Th>
              <Th right className="hidden sm:table-cell">{t("checkTook")}</Th>
              <Th right>{t("poolCount")}</Th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const failure = FAILURES.find((name) => name === row.failure);
              return (
                <Tr key={row.versionId}>
                  <Td>
                    <span className="font-medium">{`${row.goldenImageName} · ${words("version")} ${row.number}`}</span>
                    <span className="block text-xs text-muted">{row.organizationName} · <TimeAgo at={row.createdAt} /></span>
                    {row.failure ? <span className="block max-w-md text-xs text-bad">{failure ? words(`failures.${failure}`) : row.failure}</span> : null}
                  </Td>
                  <Td><Badge tone={TONES[row.state]} dot={row.state === "checking" ? "moving" : true}>{words(`states.${row.state}`)}</Badge></Td>
                  <Td right className="hidden whitespace-nowrap sm:table-cell">{row.checkStartedAt && row.checkedAt ? formats.duration(row.checkedAt.getTime() - row.checkStartedAt.getTime()) : "–"}</Td>
                  <Td right>{row.pools}</Td>
                </Tr>
              );
            })}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
