import { Compass } from "lucide-react";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Button } from "@/app/_components/ui/button";
import { EmptyState } from "@/app/_components/ui/empty-state";

export default async function NotFound() {
  const t = await getTranslations("errors");
  return (
    <main id="content" className="grid min-h-dvh place-items-center">
      <EmptyState
        icon={Compass}
        title={<span className="text-base font-semibold">{t("notFoundTitle")}</span>}
        action={
          <Button asChild variant="primary">
            <Link href="/o">{t("home")}</Link>
          </Button>
        }
      >
        {t("notFoundText")}
      </EmptyState>
    </main>
  );
}
