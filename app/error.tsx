"use client";

import { CloudAlert } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/app/_components/ui/button";
import { EmptyState } from "@/app/_components/ui/empty-state";

export default function ErrorPage({ error, reset }: { readonly error: Error & { digest?: string }; readonly reset: () => void }) {
  const t = useTranslations("errors");
  const common = useTranslations("common");
  return (
    <main id="content" className="grid min-h-[70dvh] place-items-center">
      <EmptyState
        icon={CloudAlert}
        title={<span className="text-base font-semibold">{t("pageTitle")}</span>}
        action={
          <Button variant="primary" onClick={reset}>
            {common("retry")}
          </Button>
        }
      >
        <p>{t("pageText")}</p>
        {error.digest ? <p className="mt-2 font-mono text-xs">{t("reference", { id: error.digest })}</p> : null}
      </EmptyState>
    </main>
  );
}
