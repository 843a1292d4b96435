"use client";

import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { rememberLocale } from "@/app/_components/shell/preferences";
import { useViewer } from "@/app/_components/shell/viewer";
import { TimeZoneSelect } from "@/app/_components/time-zone-select";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { LOCALES } from "@/app/_i18n/locales";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

export function ProfileCard() {
  const t = useTranslations("account");
  const common = useTranslations("common");
  const language = useTranslations("language");
  const { user } = useViewer();
  const trpc = useTRPC();
  const router = useRouter();
  const problem = useProblemText();
  const [name, setName] = useState(user.name);
  const [locale, setLocale] = useState(user.locale);
  const [timeZone, setTimeZone] = useState(user.timeZone);
  const update = useMutation(
    trpc.account.updateProfile.mutationOptions({
      onSuccess: () => {
        rememberLocale(locale);
        toast.success(common("saved"));
        router.refresh();
      },
    }),
  );
  return (
    <Card>
      <CardHead title={t("profile")} description={user.email} />
      <form
        className="grid gap-4 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          update.mutate({ name, locale, timeZone });
        }}
      >
        <Field label={common("name")}>{(control) => <Input {...control} autoComplete="name" value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label={language("label")}>
          {(control) => (
            <Select {...control} value={locale} onChange={(event) => setLocale(LOCALES.find((entry) => entry === event.target.value) ?? "en")}>
              {LOCALES.map((entry) => (
                <option key={entry} value={entry} lang={entry}>{language(entry)}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t("timeZone")} hint={t("timeZoneHint")}>{(control) => <TimeZoneSelect {...control} value={timeZone} onChange={setTimeZone} />}</Field>
        {update.error ? <Notice kind="bad">{problem(update.error)}</Notice> : null}
        <Button type="submit" variant="primary" className="justify-self-start" disabled={!name.trim()} busy={update.isPending}>{common("save")}</Button>
      </form>
    </Card>
  );
}
