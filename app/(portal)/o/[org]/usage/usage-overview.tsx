"use client";

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { BarChart } from "@/app/_components/charts/bar-chart";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { QuotaCard } from "./quota-card";
import { UsageCost } from "./usage-cost";

const HOUR_MS = 3_600_000;
const METERS = ["instance", "storage", "address", "snapshot", "image", "desktop"] as const;
/** These have a chart even while there is nothing to draw. */
const ALWAYS: readonly string[] = ["instance", "storage", "address"];

export function UsageOverview() {
  const t = useTranslations("usage");
  const meters = useTranslations("instance.usage.meters");
  const words = useTranslations("instance.usage");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const formats = useFormats();
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const summary = useQuery(trpc.usage.summary.queryOptions({ organization }, { placeholderData: keepPreviousData }));
  const windows = useInfiniteQuery(trpc.usage.windows.infiniteQueryOptions({ organization, limit: 25 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }));
  const rows = windows.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title={nav("usage")} description={t("description")} />
      <div className="grid gap-4">
        <QuotaCard />
        {may("billing") ? <UsageCost /> : null}
        <Card>
          <CardHead title={t("perDay")} description={t("perDayText")} />
          <CardBody>
            <Loaded query={summary}>
              {({ days }) => (
                <div className="grid gap-6 md:grid-cols-3">
                  {METERS.filter((meter) => ALWAYS.includes(meter) || days.some((day) => day.meter === meter)).map((meter) => (
                    <BarChart
                      key={meter}
                      title={t(`meters.${meter}`)}
                      empty={t("noUse")}
                      formatValue={(hours) => t(meter === "storage" || meter === "snapshot" || meter === "image" ? "gibHours" : "hours", { value: formats.number(hours, 1) })}
                      bars={days.filter((day) => day.meter === meter).map((day) => ({ label: day.day, value: day.unitMs / HOUR_MS }))}
                    />
                  ))}
                </div>
              )}
            </Loaded>
          </CardBody>
        </Card>
        <Card>
          <CardHead title={words("windows")} description={words("windowsText")} />
          <Loaded query={windows}>
            {() =>
              rows.length === 0 ? (
                <EmptyState icon={Activity} title={t("empty")}>{t("emptyText")}</EmptyState>
              ) : (
                <>
                  <Table label={words("windows")}>
                    <thead>
                      <tr>
                        <Th>{nav("instances")}</Th>
                        <Th>{words("meter")}</Th>
                        <Th>{words("from")}</Th>
                        <Th>{words("to")}</Th>
                        <Th right>{words("quantity")}</Th>
                        <Th right>{words("duration")}</Th>
                      </tr>
                    </thead>
                    <tbody>
                      {rows.map((window) => (
                        <Tr key={window.id}>
                          <Td>
                            <Link href={`/o/${organization}/instances/${window.instanceId}`} className="font-medium hover:underline">
                              {window.instanceName ?? window.instanceId}
                            </Link>
                          </Td>
                          <Td className="whitespace-nowrap">{meters(window.meter)}</Td>
                          <Td className="whitespace-nowrap"><Moment at={window.startedAt} /></Td>
                          <Td className="whitespace-nowrap">{window.closedAt ? <Moment at={window.endedAt} /> : words("stillRunning")}</Td>
                          <Td right className="whitespace-nowrap">{window.meter === "storage" ? formats.gibibytes(window.quantity) : formats.number(window.quantity)}</Td>
                          <Td right>{formats.duration(window.endedAt.getTime() - window.startedAt.getTime())}</Td>
                        </Tr>
                      ))}
                    </tbody>
                  </Table>
                  {windows.hasNextPage ? (
                    <div className="border-t p-2 text-center">
                      <Button variant="ghost" busy={windows.isFetchingNextPage} onClick={() => void windows.fetchNextPage()}>
                        {common("more")}
                      </Button>
                    </div>
                  ) : null}
                </>
              )
            }
          </Loaded>
        </Card>
      </div>
    </>
  );
}
