"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus, Ticket } from "lucide-react";
import { useNow, useTranslations } from "next-intl";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { MoneyFrame } from "../money-frame";
import { CouponDialog } from "./coupon-dialog";

/** Codes on offer: what each takes off, for how long, and how often it was redeemed. */
export function CouponList() {
  const t = useTranslations("adminMoney.coupons");
  const common = useTranslations("common");
  const catalog = useTranslations("admin.catalog");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const now = useNow({ updateInterval: 60_000 });
  const [adding, setAdding] = useState(false);
  const query = useQuery(trpc.admin.billing.coupons.queryOptions());
  const add = staff.may("admin") ? <Button variant="primary" onClick={() => setAdding(true)}><Plus aria-hidden />{t("add")}</Button> : null;
  return (
    <MoneyFrame tab="coupons" actions={add}>
      <Card>
        <Loaded query={query}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState icon={Ticket} title={t("empty")} action={add}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={t("label")}>
                <thead><tr><Th>{t("code")}</Th><Th>{t("takesOff")}</Th><Th className="hidden md:table-cell">{t("duration")}</Th><Th right className="hidden sm:table-cell">{t("redeemed")}</Th><Th>{common("status")}</Th></tr></thead>
                <tbody>
                  {list.map((coupon) => {
                    const over = coupon.redeemableUntil !== null && coupon.redeemableUntil <= now;
                    const usedUp = coupon.maxRedemptions !== null && coupon.redemptions >= coupon.maxRedemptions;
                    const meters = coupon.meters?.map((meter) => (meter === "instance" ? t("instances") : catalog(`meters.${meter}`))).join(", ");
                    return (
                      <Tr key={coupon.id}>
                        <Td className="font-mono font-medium">{coupon.code}</Td>
                        <Td>
                          {coupon.kind === "trial" ? t("everything") : t("percentOff", { percent: formats.number(coupon.basisPoints / 100) })}
                          <span className="block text-xs text-muted">{[meters ?? t("allMeters"), coupon.maxMicros === null ? coupon.currency : t("upTo", { amount: formats.money(coupon.maxMicros, coupon.currency) })].join(" · ")}</span>
                        </Td>
                        <Td className="hidden whitespace-nowrap md:table-cell">{t("days", { count: coupon.durationDays })}</Td>
                        <Td right className="hidden sm:table-cell">{coupon.maxRedemptions === null ? formats.number(coupon.redemptions) : t("redeemedOf", { count: formats.number(coupon.redemptions), most: formats.number(coupon.maxRedemptions) })}</Td>
                        <Td>
                          <Badge tone={over || usedUp ? "neutral" : "good"}>{t(usedUp ? "usedUp" : over ? "over" : "open")}</Badge>
                          {coupon.redeemableUntil && !usedUp ? <span className="block text-xs text-muted">{t("until", { at: formats.date(coupon.redeemableUntil) })}</span> : null}
                        </Td>
                      </Tr>
                    );
                  })}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
      {adding ? <CouponDialog onClose={() => setAdding(false)} /> : null}
    </MoneyFrame>
  );
}
