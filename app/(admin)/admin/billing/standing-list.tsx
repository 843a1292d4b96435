"use client";

import { useQuery } from "@tanstack/react-query";
import { Building2 } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { STANDINGS } from "@/server/tenancy/types";
import { Loaded } from "@/app/_components/loaded";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Select } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { StandingBadge } from "../organizations/standing-badge";
import { MoneyFrame } from "./money-frame";

/** Organizations by standing and by what they owe, the worst first. */
export function StandingList() {
  const t = useTranslations("adminMoney.standings");
  const nav = useTranslations("nav");
  const words = useTranslations("standing");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const [standing, setStanding] = useQueryState("standing", parseAsStringLiteral(STANDINGS));
  const query = useQuery(trpc.admin.payments.standings.queryOptions());
  return (
    <MoneyFrame tab="standings">
      <div className="mb-3">
        <Select aria-label={t("filter")} value={standing ?? ""} onChange={(event) => void setStanding(STANDINGS.find((one) => one === event.target.value) ?? null)}>
          <option value="">{common("all")}</option>
          {STANDINGS.map((one) => <option key={one} value={one}>{words(one)}</option>)}
        </Select>
      </div>
      <Card>
        <Loaded query={query}>
          {(list) => {
            const shown = list.filter((one) => standing === null || one.standing === standing);
            if (shown.length === 0) return <EmptyState icon={Building2} title={t("empty")}>{t("emptyText")}</EmptyState>;
            return (
              <Table label={t("label")}>
                <thead><tr><Th>{nav("organizations")}</Th><Th>{common("status")}</Th><Th right>{t("overdue")}</Th><Th right>{t("balance")}</Th></tr></thead>
                <tbody>
                  {shown.map((one) => (
                    <Tr key={`${one.organizationId} ${one.currency}`}>
                      <Td><Link href={`/admin/organizations/${one.organizationId}/money`} className="font-medium hover:text-accent hover:underline">{one.name}</Link><span className="block font-mono text-xs text-muted">{one.slug}</span></Td>
                      <Td><StandingBadge standing={one.standing} /></Td>
                      <Td right className={one.overdueMinor > 0 ? "font-medium text-bad" : "text-muted"}>{formats.moneyMinor(one.overdueMinor, one.currency)}</Td>
                      <Td right>{formats.moneyMinor(one.balanceMinor, one.currency)}<span className="block text-xs text-muted">{t(one.balanceMinor > 0 ? "owes" : one.balanceMinor < 0 ? "ahead" : "even")}</span></Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            );
          }}
        </Loaded>
      </Card>
    </MoneyFrame>
  );
}
