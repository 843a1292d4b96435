"use client";

import { useTranslations } from "next-intl";
import type { Standing } from "@/server/tenancy/types";
import { Notice } from "@/app/_components/ui/notice";

/** Above every page of an organization that may not do everything now. */
export function StandingNotice({ standing }: { readonly standing: Standing }) {
  const t = useTranslations("nav.standingNotice");
  if (standing === "good") return null;
  return (
    <Notice kind={standing === "suspended" ? "bad" : "warn"} title={t(`${standing}.title`)} className="mb-5">
      {t(`${standing}.text`)}
    </Notice>
  );
}
