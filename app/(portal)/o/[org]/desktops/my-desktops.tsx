"use client";

import { useQuery } from "@tanstack/react-query";
import { Monitor } from "lucide-react";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { DesktopCard } from "./desktop-card";

/** Everything that a person needs to know about their desktops: which there are, and how to open them. */
export function MyDesktops() {
  const t = useTranslations("desktops");
  const nav = useTranslations("nav");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.desktops.mine.queryOptions({ organization }));
  return (
    <>
      <PageHead title={nav("desktops")} description={t("description")} />
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <EmptyState icon={Monitor} title={t("empty")}>{t("emptyText")}</EmptyState>
            </Card>
          ) : (
            <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
              {items.map((desktop) => (
                <li key={desktop.poolId} className="grid">
                  <DesktopCard desktop={desktop} seenAt={query.dataUpdatedAt} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
