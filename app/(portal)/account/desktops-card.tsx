"use client";

import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { GUEST_KEYBOARDS, GUEST_LOCALES } from "@/server/tenancy/types";
import { useViewer } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

/** Keys of messages have no dots. */
const WORDS = { "en_US.UTF-8": "en", "ja_JP.UTF-8": "ja", "C.UTF-8": "plain" } as const;

/** What the person wants in every desktop that they are given: its language, and the keyboard that they have. */
export function DesktopsCard() {
  const t = useTranslations("guestLanguage");
  const common = useTranslations("common");
  const { user } = useViewer();
  const trpc = useTRPC();
  const router = useRouter();
  const problem = useProblemText();
  const [desktopLocale, setLocale] = useState(user.desktopLocale);
  const [keyboard, setKeyboard] = useState(user.keyboard);
  const update = useMutation(
    trpc.account.updateProfile.mutationOptions({
      onSuccess: () => {
        toast.success(common("saved"));
        router.refresh();
      },
    }),
  );
  return (
    <Card>
      <CardHead title={t("card")} description={t("cardText")} />
      <form
        className="grid gap-4 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          update.mutate({ desktopLocale, keyboard });
        }}
      >
        <Field label={t("locale")}>
          {(control) => (
            <Select {...control} value={desktopLocale ?? ""} onChange={(event) => setLocale(GUEST_LOCALES.find((one) => one === event.target.value) ?? null)}>
              <option value="">{t("ofPool")}</option>
              {GUEST_LOCALES.map((one) => <option key={one} value={one}>{t(`locales.${WORDS[one]}`)}</option>)}
            </Select>
          )}
        </Field>
        <Field label={t("keyboard")} hint={t("keyboardHint")}>
          {(control) => (
            <Select {...control} value={keyboard ?? ""} onChange={(event) => setKeyboard(GUEST_KEYBOARDS.find((one) => one === event.target.value) ?? null)}>
              <option value="">{t("ofPool")}</option>
              {GUEST_KEYBOARDS.map((one) => <option key={one} value={one}>{t(`keyboards.${one}`)}</option>)}
            </Select>
          )}
        </Field>
        {update.error ? <Notice kind="bad">{problem(update.error)}</Notice> : null}
        <Button type="submit" variant="primary" className="justify-self-start" busy={update.isPending}>{common("save")}</Button>
      </form>
    </Card>
  );
}
