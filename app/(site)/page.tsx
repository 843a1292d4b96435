import { ArrowRight, Gauge, LifeBuoy, Timer } from "lucide-react";
import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Logo } from "@/app/_components/shell/logo";
import { LanguageMenu, ThemeMenu } from "@/app/_components/shell/preferences";
import { Button } from "@/app/_components/ui/button";
import { getSession } from "@/app/_trpc/server";
import { PriceTable } from "./price-table";

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations("site");
  return { title: { absolute: `Berth · ${t("headline")}` }, description: t("lead") };
}

const POINTS = [
  { key: "metered", icon: Timer },
  { key: "survives", icon: LifeBuoy },
  { key: "explained", icon: Gauge },
] as const;

export default async function LandingPage() {
  const t = await getTranslations("site");
  const auth = await getTranslations("auth");
  const session = await getSession();
  const enter = session ? { href: "/o", label: t("openPortal") } : { href: "/sign-in", label: auth("signIn") };
  return (
    <div className="mx-auto flex min-h-dvh max-w-5xl flex-col px-4 sm:px-6">
      <header className="flex items-center justify-between py-3">
        <Logo />
        <div className="flex items-center gap-1">
          <LanguageMenu />
          <ThemeMenu />
          <Button asChild className="ml-1">
            <Link href={enter.href}>{enter.label}</Link>
          </Button>
        </div>
      </header>
      <main id="content" className="flex-1">
        <section className="grid max-w-2xl gap-4 pt-16 pb-12 sm:pt-24">
          <h1 className="text-3xl font-semibold tracking-tight text-balance sm:text-4xl sm:leading-tight">{t("headline")}</h1>
          <p className="text-base text-muted">{t("lead")}</p>
          <div className="mt-2 flex flex-wrap gap-2">
            <Button asChild variant="primary" size="lg">
              <Link href={enter.href}>
                {enter.label}
                <ArrowRight aria-hidden />
              </Link>
            </Button>
            <Button asChild variant="ghost" size="lg">
              <a href="#prices">{t("seePrices")}</a>
            </Button>
          </div>
        </section>
        <section className="grid gap-6 border-t py-10 sm:grid-cols-3">
          {POINTS.map(({ key, icon: Icon }) => (
            <div key={key} className="grid content-start gap-2">
              <Icon aria-hidden className="size-5 text-accent" />
              <h2 className="text-sm font-semibold">{t(`points.${key}.title`)}</h2>
              <p className="text-muted">{t(`points.${key}.text`)}</p>
            </div>
          ))}
        </section>
        <section id="prices" className="scroll-mt-6 pb-16">
          <h2 className="mb-1 text-lg font-semibold tracking-tight">{t("prices")}</h2>
          <p className="mb-4 text-muted">{t("pricesText")}</p>
          <PriceTable />
        </section>
      </main>
      <footer className="border-t py-6 text-xs text-muted">{t("footer")}</footer>
    </div>
  );
}
