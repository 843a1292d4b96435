"use client";

import { Building2, Check, ChevronsUpDown, ShieldCheck } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Menu, MenuContent, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from "@/app/_components/ui/menu";
import { useViewer } from "./viewer";

/** Top left: where one is, and where else one may go. */
export function OrganizationSwitcher({ operator }: { readonly operator?: boolean }) {
  const t = useTranslations("nav");
  const roles = useTranslations("roles");
  const { user, memberships, membership } = useViewer();
  const name = operator ? t("operatorConsole") : (membership?.name ?? t("account"));
  return (
    <Menu>
      <MenuTrigger aria-label={t("switch", { name })} className="flex w-full items-center gap-2.5 rounded-md p-1.5 text-left hover:bg-raised">
        <span aria-hidden className="grid size-7 shrink-0 place-items-center rounded-md bg-accent text-xs font-semibold text-accent-ink">
          {operator ? <ShieldCheck className="size-4" /> : name.slice(0, 1).toUpperCase()}
        </span>
        <span className="grid min-w-0 flex-1">
          <span className="truncate font-medium">{name}</span>
          <span className="truncate text-tiny text-muted">{membership ? roles(membership.role) : user.email}</span>
        </span>
        <ChevronsUpDown aria-hidden className="size-4 text-muted" />
      </MenuTrigger>
      <MenuContent align="start" className="w-60">
        {memberships.length > 0 ? <MenuLabel>{t("organizations")}</MenuLabel> : null}
        {memberships.map((entry) => (
          <MenuItem key={entry.organizationId} asChild>
            <Link href={`/o/${entry.slug}/instances`}>
              <Building2 aria-hidden />
              <span className="min-w-0 flex-1 truncate">{entry.name}</span>
              {entry.slug === membership?.slug ? <Check aria-hidden /> : null}
            </Link>
          </MenuItem>
        ))}
        {user.operatorRole ? (
          <>
            {memberships.length > 0 ? <MenuSeparator /> : null}
            <MenuItem asChild>
              <Link href="/admin/clusters">
                <ShieldCheck aria-hidden />
                <span className="flex-1">{t("operatorConsole")}</span>
                {operator ? <Check aria-hidden /> : null}
              </Link>
            </MenuItem>
          </>
        ) : null}
      </MenuContent>
    </Menu>
  );
}
