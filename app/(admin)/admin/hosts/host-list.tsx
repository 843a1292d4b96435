"use client";

import { useQuery } from "@tanstack/react-query";
import { Network, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { HostTable } from "./host-table";

export function HostList() {
  const t = useTranslations("admin.hosts");
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const staff = useStaff();
  const query = useQuery(trpc.admin.hosts.list.queryOptions({}));
  const enroll = staff.may("admin") ? (
    <Button asChild variant="primary"><Link href="/admin/hosts/enroll"><Plus aria-hidden />{t("enroll")}</Link></Button>
  ) : null;
  return (
    <>
      <PageHead title={nav("hosts")} description={t("description")} actions={enroll} />
      <Card>
        <Loaded query={query}>
          {({ items }) => (items.length === 0 ? <EmptyState icon={Network} title={t("empty")} action={enroll}>{t("emptyText")}</EmptyState> : <HostTable hosts={items} />)}
        </Loaded>
      </Card>
    </>
  );
}
