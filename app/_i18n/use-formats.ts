"use client";

import { useLocale, useTimeZone, useTranslations } from "next-intl";
import { useMemo } from "react";
import { formats, type Formats } from "./formats";

/** Numbers, money, sizes and times as the reader writes them. */
export function useFormats(): Formats {
  const locale = useLocale();
  const timeZone = useTimeZone() ?? "UTC";
  const t = useTranslations("units");
  return useMemo(() => formats({ locale, timeZone, words: { perHour: (amount) => t("perHour", { amount }), perMonth: (amount) => t("perMonth", { amount }) } }), [locale, timeZone, t]);
}
