"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { LineChart } from "@/app/_components/charts/line-chart";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import type { Instance } from "./types";

const RANGES = { hour: 3_600_000, day: 86_400_000, threeDays: 259_200_000 } as const;
type Range = keyof typeof RANGES;
/** The minute that the range ends on: a new one each minute, not each render. */
const wholeMinute = (): number => Math.ceil(Date.now() / 60_000) * 60_000;

export function UsageTab({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("instance.usage");
  const units = useTranslations("units");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [range, setRange] = useState<Range>("hour");
  const [end, setEnd] = useState(wholeMinute);
  const query = useQuery(
    trpc.instances.usage.queryOptions({ organization, instanceId: instance.id, from: new Date(end - RANGES[range]), to: new Date(end) }, { placeholderData: keepPreviousData }),
  );
  const chart = { formatTime: range === "hour" ? formats.time : formats.dateTime, empty: t("noSamples") };
  return (
    <div className="grid gap-4">
      <div className="flex gap-1" role="group" aria-label={t("range")}>
        {(Object.keys(RANGES) as Range[]).map((name) => (
          <Button
            key={name}
            size="sm"
            variant={range === name ? "secondary" : "ghost"}
            aria-pressed={range === name}
            onClick={() => {
              setRange(name);
              setEnd(wholeMinute());
            }}
          >
            {t(`ranges.${name}`)}
          </Button>
        ))}
      </div>
      <Loaded query={query}>
        {({ samples, windows }) => (
          <>
            <Card>
              <CardBody className="grid gap-6 md:grid-cols-2">
                <LineChart
                  {...chart}
                  title={t("cpu")}
                  series={[t("used"), t("steal")]}
                  max={instance.vcpus * 1000}
                  formatValue={(value) => units("cores", { count: Math.round(value / 10) / 100 })}
                  points={samples.map((sample) => ({ at: sample.minute, values: [sample.cpuMillicores, sample.cpuStealMillicores] }))}
                />
                <LineChart
                  {...chart}
                  title={t("memory")}
                  series={[t("used")]}
                  max={instance.memoryMiB}
                  formatValue={formats.mebibytes}
                  points={samples.filter((sample) => sample.memoryUsedMiB !== null).map((sample) => ({ at: sample.minute, values: [sample.memoryUsedMiB ?? 0] }))}
                />
                <LineChart
                  {...chart}
                  title={t("disk")}
                  series={[t("read"), t("written")]}
                  formatValue={formats.bytesPerSecond}
                  points={samples.map((sample) => ({ at: sample.minute, values: [sample.diskReadBytesPerSecond, sample.diskWrittenBytesPerSecond] }))}
                />
                <LineChart
                  {...chart}
                  title={t("network")}
                  series={[t("received"), t("sent")]}
                  formatValue={formats.bytesPerSecond}
                  points={samples.map((sample) => ({ at: sample.minute, values: [sample.netReceivedBytesPerSecond, sample.netSentBytesPerSecond] }))}
                />
              </CardBody>
            </Card>
            <Card>
              <CardHead title={t("windows")} description={t("windowsText")} />
              {windows.length === 0 ? (
                <EmptyState icon={Activity} title={t("noWindows")} />
              ) : (
                <Table label={t("windows")}>
                  <thead>
                    <tr>
                      <Th>{t("meter")}</Th>
                      <Th>{t("from")}</Th>
                      <Th>{t("to")}</Th>
                      <Th right>{t("quantity")}</Th>
                      <Th right>{t("duration")}</Th>
                    </tr>
                  </thead>
                  <tbody>
                    {windows.map((window) => (
                      <Tr key={window.id}>
                        <Td>{t(`meters.${window.meter}`)}</Td>
                        <Td className="whitespace-nowrap">
                          <Moment at={window.startedAt} />
                        </Td>
                        <Td className="whitespace-nowrap">{window.closedAt ? <Moment at={window.endedAt} /> : t("stillRunning")}</Td>
                        <Td right>{window.meter === "storage" ? formats.gibibytes(window.quantity) : formats.number(window.quantity)}</Td>
                        <Td right>{formats.duration(window.endedAt.getTime() - window.startedAt.getTime())}</Td>
                      </Tr>
                    ))}
                  </tbody>
                </Table>
              )}
            </Card>
          </>
        )}
      </Loaded>
    </div>
  );
}
