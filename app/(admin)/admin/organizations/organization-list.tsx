"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Building2, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { SearchBox } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { CreateOrganizationDialog } from "./create-organization-dialog";
import { StandingBadge } from "./standing-badge";

export function OrganizationList() {
  const t = useTranslations("admin.organizations");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const standing = useTranslations("settings");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const [search, setSearch] = useQueryState("search", parseAsString.withDefault(""));
  const [creating, setCreating] = useState(false);
  const query = useInfiniteQuery(
    trpc.admin.organizations.list.infiniteQueryOptions({ limit: 50, ...(search ? { search } : {}) }, { getNextPageParam: (page) => page.nextCursor ?? undefined, placeholderData: keepPreviousData }),
  );
  const create = staff.may("support") ? <Button variant="primary" onClick={() => setCreating(true)}><Plus aria-hidden />{t("create")}</Button> : null;
  return (
    <>
      <PageHead title={nav("organizations")} description={t("description")} actions={create} />
      <div className="mb-3"><SearchBox label={t("search")} value={search} onChange={(value) => void setSearch(value || null)} /></div>
      <Card>
        <Loaded query={query}>
          {(data) => {
            const items = data.pages.flatMap((page) => page.items);
            if (items.length === 0) return <EmptyState icon={Building2} title={t("empty")}>{t("emptyText")}</EmptyState>;
            return (
              <Table label={nav("organizations")}>
                <thead><tr><Th>{common("name")}</Th><Th>{standing("standing")}</Th><Th right className="hidden sm:table-cell">{nav("members")}</Th><Th className="hidden md:table-cell">{standing("currency")}</Th><Th className="hidden lg:table-cell">{common("created")}</Th></tr></thead>
                <tbody>
                  {items.map((one) => (
                    <Tr key={one.id}>
                      <Td><Link href={`/admin/organizations/${one.id}`} className="font-medium hover:text-accent hover:underline">{one.name}</Link><span className="block font-mono text-xs text-muted">{one.slug}</span></Td>
                      <Td><StandingBadge standing={one.standing} /></Td>
                      <Td right className="hidden sm:table-cell">{formats.number(one.memberCount)}</Td>
                      <Td className="hidden md:table-cell">{one.currency}</Td>
                      <Td className="hidden text-muted lg:table-cell"><TimeAgo at={one.createdAt} /></Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            );
          }}
        </Loaded>
        {query.hasNextPage ? <div className="border-t p-2 text-center"><Button variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{common("more")}</Button></div> : null}
      </Card>
      <CreateOrganizationDialog open={creating} onOpenChange={setCreating} />
    </>
  );
}
