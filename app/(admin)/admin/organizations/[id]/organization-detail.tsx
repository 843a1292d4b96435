"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { STANDINGS, type Standing } from "@/server/tenancy/types";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { OpenConsoles } from "@/app/_components/open-consoles";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";
import { StandingBadge } from "../standing-badge";
import { OrganizationTabs } from "./organization-tabs";
import { QuotaForm } from "./quota-form";

export function OrganizationDetail({ organizationId }: { readonly organizationId: string }) {
  const t = useTranslations("admin.organizations");
  const settings = useTranslations("settings");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const roles = useTranslations("roles");
  const trpc = useTRPC();
  const staff = useStaff();
  const [asking, setAsking] = useState(false);
  const query = useQuery(trpc.admin.organizations.get.queryOptions({ organizationId }));
  return (
    <Loaded query={query}>
      {({ organization, quota, members }) => (
        <>
          <PageHead
            title={organization.name}
            parent={{ href: "/admin/organizations", label: nav("organizations") }}
            badge={<StandingBadge standing={organization.standing} />}
            actions={staff.may("support") ? <Button onClick={() => setAsking(true)}>{t("changeStanding")}</Button> : null}
          />
          <OrganizationTabs organizationId={organization.id} here="overview" />
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <QuotaForm organizationId={organization.id} quota={quota} editable={staff.may("support")} />
            <div className="grid gap-4">
              <Card>
                <CardHead title={settings("facts")} />
                <CardBody>
                  <Facts>
                    <Fact label={settings("slug")} mono>{organization.slug}</Fact>
                    <Fact label={settings("currency")}>{organization.currency}</Fact>
                    <Fact label={settings("timeZone")}>{organization.timeZone}</Fact>
                    <Fact label={common("created")}><Moment at={organization.createdAt} /></Fact>
                    <Fact label={settings("id")} mono>{organization.id}</Fact>
                  </Facts>
                </CardBody>
              </Card>
              <Card>
                <CardHead title={nav("members")} />
                <ul className="divide-y">
                  {members.items.map((member) => (
                    <li key={member.userId} className="flex flex-wrap justify-between gap-2 px-4 py-2">
                      <span className="grid"><span className="font-medium">{member.name}</span><span className="text-xs text-muted">{member.email}</span></span>
                      <span className="text-muted">{roles(member.role)}</span>
                    </li>
                  ))}
                  {members.items.length === 0 ? <li className="px-4 py-3 text-muted">{t("noMembers")}</li> : null}
                </ul>
              </Card>
            </div>
          </div>
          <OrganizationConsoles organizationId={organization.id} />
          <StandingDialog organizationId={organization.id} name={organization.name} current={organization.standing} open={asking} onOpenChange={setAsking} />
        </>
      )}
    </Loaded>
  );
}

function OrganizationConsoles({ organizationId }: { readonly organizationId: string }) {
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.admin.consoles.list.queryOptions({ organizationId }));
  const end = useMutation(trpc.admin.consoles.end.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.consoles.pathFilter()) }));
  return <OpenConsoles className="mt-4" items={query.data?.items ?? []} {...(staff.may("support") ? { onEnd: (consoleSessionId: string) => end.mutateAsync({ consoleSessionId }) } : {})} />;
}

interface StandingProps {
  readonly organizationId: string;
  readonly name: string;
  readonly current: Standing;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

function StandingDialog({ organizationId, name, current, open, onOpenChange }: StandingProps) {
  const t = useTranslations("admin.organizations");
  const words = useTranslations("standing");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [standing, setStanding] = useState<Standing>(current);
  const [reason, setReason] = useState("");
  const change = useMutation(trpc.admin.organizations.setStanding.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.organizations.pathFilter()) }));
  return (
    <Confirm
      open={open}
      onOpenChange={onOpenChange}
      title={t("standingAsk", { name })}
      description={t(`standingText.${standing}`)}
      action={t("changeStanding")}
      danger={standing === "suspended"}
      disabled={!reason.trim() || standing === current}
      onConfirm={() => change.mutateAsync({ organizationId, standing, reason })}
    >
      <Field label={t("standing")}>
        {(control) => (
          <Select {...control} value={standing} onChange={(event) => setStanding(STANDINGS.find((entry) => entry === event.target.value) ?? current)}>
            {STANDINGS.map((entry) => <option key={entry} value={entry}>{words(entry)}</option>)}
          </Select>
        )}
      </Field>
      <Field label={t("reason")} hint={t("reasonHint")}>{(control) => <Input {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}</Field>
    </Confirm>
  );
}
