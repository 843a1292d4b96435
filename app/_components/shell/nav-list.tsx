"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/app/_components/ui/cn";
import type { NavSection } from "./navigation";

interface NavListProps<Right> {
  readonly base: string;
  readonly sections: readonly NavSection<Right>[];
  readonly may: (right: Right) => boolean;
  readonly onNavigate: () => void;
}

export function NavList<Right>({ base, sections, may, onNavigate }: NavListProps<Right>) {
  const t = useTranslations("nav");
  const path = usePathname();
  return (
    <nav aria-label={t("label")} className="grid gap-4">
      {sections.map((section) => {
        const items = section.items.filter((item) => may(item.right));
        if (items.length === 0) return null;
        return (
          <div key={section.key} className="grid gap-0.5">
            <p className="px-2 pt-1 pb-1 text-tiny font-medium text-muted">{t(`sections.${section.key}`)}</p>
            {items.map(({ key, path: suffix, icon: Icon }) => {
              const href = `${base}${suffix}`;
              const here = path === href || path.startsWith(`${href}/`);
              return (
                <Link
                  key={key}
                  href={href}
                  onClick={onNavigate}
                  aria-current={here ? "page" : undefined}
                  className={cn("flex h-8 items-center gap-2.5 rounded-md px-2 [&_svg]:size-4 [&_svg]:text-muted", here ? "bg-raised font-medium [&_svg]:text-accent" : "hover:bg-raised/60")}
                >
                  <Icon aria-hidden />
                  {t(key)}
                </Link>
              );
            })}
          </div>
        );
      })}
    </nav>
  );
}
