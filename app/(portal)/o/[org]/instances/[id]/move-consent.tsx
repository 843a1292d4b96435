"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { DailyWindows } from "@/app/_components/daily-windows";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeZoneSelect } from "@/app/_components/time-zone-select";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Consent = RouterOutputs["instances"]["moveConsent"];
const NOTICES = [0, 15, 30, 60, 240, 1_440] as const;
const OFFICE = { from: "09:00", to: "18:00", days: [1, 2, 3, 4, 5] };
const MINUTE_MS = 60_000;

/** When the machine may be moved for balance or sleep; what the choice means is shown before it is saved. */
export function MoveConsentForm({ instanceId }: { readonly instanceId: string }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.instances.moveConsent.queryOptions({ organization, instanceId }));
  return <Loaded query={query}>{(consent) => <Form key={consent.updatedAt.getTime()} instanceId={instanceId} consent={consent} />}</Loaded>;
}

function Form({ instanceId, consent }: { readonly instanceId: string; readonly consent: Consent }) {
  const t = useTranslations("instance.consent");
  const common = useTranslations("common");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [value, setValue] = useState({ timeZone: consent.timeZone, notDuring: consent.notDuring.map(({ from, to, days }) => ({ from, to, ...(days ? { days: [...days] } : {}) })), noticeMinutes: consent.noticeMinutes, movableForDiscount: consent.movableForDiscount });
  const input = { organization, instanceId, ...value };
  const preview = useQuery(trpc.instances.previewMoveConsent.queryOptions(input, { staleTime: 0, placeholderData: keepPreviousData }));
  const save = useMutation(trpc.instances.setMoveConsent.mutationOptions({ onSuccess: () => toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.instances.moveConsent.pathFilter()) }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <form className="grid gap-4 p-4" onSubmit={(event) => {
        event.preventDefault();
        save.mutate(input);
      }}>
        <CheckboxLine label={t("movable")} hint={t("movableHint")} checked={value.movableForDiscount} onChange={(event) => setValue({ ...value, movableForDiscount: event.target.checked })} />
        <DailyWindows label={t("notDuring")} hint={t("notDuringHint")} value={value.notDuring} disabled={value.movableForDiscount} fresh={OFFICE} onChange={(windows) => setValue({ ...value, notDuring: windows.map(({ from, to, days }) => ({ from, to, ...(days ? { days: [...days] } : {}) })) })} />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("timeZone")}>{(control) => <TimeZoneSelect {...control} disabled={value.movableForDiscount} value={value.timeZone} onChange={(timeZone) => setValue({ ...value, timeZone })} />}</Field>
          <Field label={t("notice")} hint={t("noticeHint")}>
            {(control) => <Select {...control} className="w-full" disabled={value.movableForDiscount} value={value.noticeMinutes} onChange={(event) => setValue({ ...value, noticeMinutes: Number(event.target.value) })}>
              {[...new Set([...NOTICES, value.noticeMinutes])].sort((a, b) => a - b).map((minutes) => <option key={minutes} value={minutes}>{minutes === 0 ? t("noNotice") : formats.duration(minutes * MINUTE_MS)}</option>)}
            </Select>}
          </Field>
        </div>
        {preview.data ? <Effect effect={preview.data} movable={value.movableForDiscount} /> : null}
        {preview.error ?? save.error ? <Notice kind="bad">{problem(preview.error ?? save.error)}</Notice> : null}
        <span><Button type="submit" variant="primary" disabled={preview.isError} busy={save.isPending}>{common("save")}</Button></span>
      </form>
    </Card>
  );
}

function Effect({ effect, movable }: { readonly effect: RouterOutputs["instances"]["previewMoveConsent"]; readonly movable: boolean }) {
  const t = useTranslations("instance.consent");
  const formats = useFormats();
  const lines = [
    effect.now === "refuses" && effect.minutesLeft !== null ? t("effects.notNow", { duration: formats.duration(effect.minutesLeft * MINUTE_MS) }) : effect.now === "wants-notice" || effect.now === "notified" ? t("effects.afterNotice", { duration: formats.duration(effect.noticeMinutes * MINUTE_MS) }) : t("effects.anytime"),
    ...(effect.protectedHoursPerWeek > 0 ? [t("effects.protected", { hours: formats.number(effect.protectedHoursPerWeek, 1) })] : []),
    effect.discount === null ? t("effects.noDiscount") : t(movable ? "effects.discount" : "effects.discountOffered", { percent: formats.percent(effect.discount.fraction), month: formats.perMonth(effect.discount.microsPerHour, effect.discount.currency) }),
    t("effects.always"),
  ];
  return <Notice title={t("effect")}><ul className="list-disc pl-4">{lines.map((line) => <li key={line}>{line}</li>)}</ul></Notice>;
}
