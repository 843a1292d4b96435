"use client";

import { CircleUser, LogOut } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import { signOut } from "next-auth/react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Menu, MenuContent, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from "@/app/_components/ui/menu";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { LiveIndicator } from "./live-changes";
import { LanguageMenu, ThemeMenu } from "./preferences";
import { useViewer } from "./viewer";

/** Bottom left: the person, language, theme and the way out. */
export function UserBar() {
  const t = useTranslations("nav");
  const auth = useTranslations("auth");
  const { user } = useViewer();
  const trpc = useTRPC();
  const onError = useProblemToast();
  const update = useMutation(trpc.account.updateProfile.mutationOptions({ onError }));
  return (
    <div className="flex items-center gap-0.5">
      <Menu>
        <MenuTrigger aria-label={t("userMenu", { name: user.name })} className="flex min-w-0 flex-1 items-center gap-2 rounded-md p-1.5 text-left hover:bg-raised">
          <CircleUser aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="truncate">{user.name}</span>
        </MenuTrigger>
        <MenuContent align="start" side="top" className="w-56">
          <MenuLabel className="truncate">{user.email}</MenuLabel>
          <MenuItem asChild>
            <Link href="/account">
              <CircleUser aria-hidden />
              {t("account")}
            </Link>
          </MenuItem>
          <MenuSeparator />
          <MenuItem onSelect={() => void signOut({ callbackUrl: "/sign-in" })}>
            <LogOut aria-hidden />
            {auth("signOut")}
          </MenuItem>
        </MenuContent>
      </Menu>
      <LiveIndicator />
      <LanguageMenu
        onChoose={(locale) => new Promise((resolve) => update.mutate({ locale }, { onSettled: () => resolve() }))}
      />
      <ThemeMenu />
    </div>
  );
}
