"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

const RESOURCES = ["instances", "vcpus", "memoryMiB", "storageGiB", "publicAddresses", "snapshots"] as const;

export function QuotaCard() {
  const t = useTranslations("quota");
  const resources = useTranslations("resources");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.quota.get.queryOptions({ organization }));
  const size = (key: (typeof RESOURCES)[number], value: number): string => (key === "memoryMiB" ? formats.mebibytes(value) : key === "storageGiB" ? formats.gibibytes(value) : formats.number(value));
  return (
    <Card>
      <CardHead title={t("title")} />
      <CardBody>
        <Loaded query={query}>
          {(quota) => (
            <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
              {RESOURCES.map((key) => {
                const { committed, held, limit } = quota.resources[key];
                return (
                  <MeterBar
                    key={key}
                    label={resources(key)}
                    value={t("usedOf", { used: size(key, committed + held), limit: size(key, limit) })}
                    used={committed}
                    pending={held}
                    limit={limit}
                    note={held > 0 ? t("held", { amount: size(key, held) }) : undefined}
                  />
                );
              })}
            </div>
          )}
        </Loaded>
      </CardBody>
    </Card>
  );
}
