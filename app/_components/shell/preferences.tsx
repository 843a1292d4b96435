"use client";

import { Languages, Monitor, Moon, Sun } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { useTheme } from "next-themes";
import { useRouter } from "next/navigation";
import { Button } from "@/app/_components/ui/button";
import { Menu, MenuContent, MenuItem, MenuLabel, MenuTrigger } from "@/app/_components/ui/menu";
import { LOCALES, LOCALE_COOKIE, type Locale } from "@/app/_i18n/locales";

const YEAR_SECONDS = 31_536_000;

/** Remembers the language in this browser; the profile's language, once signed in, goes before it. */
export function rememberLocale(locale: Locale): void {
  document.cookie = `${LOCALE_COOKIE}=${locale}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

const THEMES = [
  { id: "light", icon: Sun },
  { id: "dark", icon: Moon },
  { id: "system", icon: Monitor },
] as const;

export function ThemeMenu() {
  const t = useTranslations("theme");
  const { theme, setTheme } = useTheme();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t("label")}>
          <Sun aria-hidden className="dark:hidden" />
          <Moon aria-hidden className="hidden dark:block" />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel>{t("label")}</MenuLabel>
        {THEMES.map(({ id, icon: Icon }) => (
          <MenuItem key={id} onSelect={() => setTheme(id)} aria-current={theme === id || undefined} className={theme === id ? "font-medium" : undefined}>
            <Icon aria-hidden />
            {t(id)}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}

/** For readers who are not signed in; members change the language of their profile instead. */
export function LanguageMenu({ onChoose }: { readonly onChoose?: (locale: Locale) => Promise<void> }) {
  const t = useTranslations("language");
  const current = useLocale();
  const router = useRouter();
  const choose = async (locale: Locale): Promise<void> => {
    rememberLocale(locale);
    await onChoose?.(locale);
    router.refresh();
  };
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t("label")}>
          <Languages aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel>{t("label")}</MenuLabel>
        {LOCALES.map((locale) => (
          <MenuItem key={locale} lang={locale} onSelect={() => void choose(locale)} aria-current={locale === current || undefined} className={locale === current ? "font-medium" : undefined}>
            {t(locale)}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
