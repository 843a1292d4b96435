"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { TimeZoneSelect } from "@/app/_components/time-zone-select";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

export function OrganizationSettings() {
  const nav = useTranslations("nav");
  const t = useTranslations("settings");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.organization.get.queryOptions({ organization }));
  return (
    <>
      <PageHead title={nav("settings")} description={t("description")} />
      <Loaded query={query}>{(data) => <SettingsForm key={`${data.name} ${data.timeZone}`} data={data} />}</Loaded>
    </>
  );
}

function SettingsForm({ data }: { readonly data: RouterOutputs["organization"]["get"] }) {
  const t = useTranslations("settings");
  const common = useTranslations("common");
  const standing = useTranslations("standing");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState(data.name);
  const [timeZone, setTimeZone] = useState(data.timeZone);
  const update = useMutation(
    trpc.organization.update.mutationOptions({
      onSuccess: () => {
        toast.success(common("saved"));
        router.refresh();
      },
      onSettled: () => queryClient.invalidateQueries(trpc.organization.pathFilter()),
    }),
  );
  const editable = may("admin");
  return (
    <div className="grid max-w-2xl gap-4">
      <Card>
        <CardHead title={t("general")} />
        <form
          className="grid gap-4 p-4"
          onSubmit={(event) => {
            event.preventDefault();
            update.mutate({ organization, name, timeZone });
          }}
        >
          <Field label={t("name")}>{(control) => <Input {...control} value={name} maxLength={100} disabled={!editable} onChange={(event) => setName(event.target.value)} />}</Field>
          <Field label={t("timeZone")} hint={t("timeZoneHint")}>{(control) => <TimeZoneSelect {...control} value={timeZone} disabled={!editable} onChange={setTimeZone} />}</Field>
          {update.error ? <Notice kind="bad">{problem(update.error)}</Notice> : null}
          {editable ? (
            <Button type="submit" variant="primary" className="justify-self-start" disabled={!name.trim() || (name === data.name && timeZone === data.timeZone)} busy={update.isPending}>
              {common("save")}
            </Button>
          ) : null}
        </form>
      </Card>
      <Card>
        <CardHead title={t("facts")} />
        <CardBody>
          <Facts>
            <Fact label={t("slug")} mono>{data.slug}</Fact>
            <Fact label={t("id")} mono>{data.id}</Fact>
            <Fact label={t("currency")}>{data.currency}</Fact>
            <Fact label={t("standing")}>
              <Badge tone={data.standing === "good" ? "good" : data.standing === "restricted" ? "warn" : "bad"} dot>{standing(data.standing)}</Badge>
            </Fact>
            <Fact label={common("created")}><Moment at={data.createdAt} /></Fact>
          </Facts>
        </CardBody>
      </Card>
    </div>
  );
}
