"use client";

import { Menu as MenuIcon } from "lucide-react";
import { useTranslations } from "next-intl";
import { Dialog } from "radix-ui";
import { useState, type ReactNode } from "react";
import { Button } from "@/app/_components/ui/button";
import { Logo } from "./logo";

interface ShellProps {
  /** The switcher at the top left. */
  readonly head: ReactNode;
  readonly nav: (close: () => void) => ReactNode;
  readonly foot: ReactNode;
  readonly children: ReactNode;
}

/** Side bar and content; on a narrow screen the side bar is a drawer. */
export function Shell({ head, nav, foot, children }: ShellProps) {
  const t = useTranslations("common");
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  const bar = (
    <>
      <div className="p-2.5">{head}</div>
      <div className="flex-1 overflow-y-auto px-2.5 pb-4">{nav(close)}</div>
      <div className="border-t p-2.5">{foot}</div>
    </>
  );
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a href="#content" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-accent focus:px-3 focus:py-2 focus:text-accent-ink">
        {t("skipToContent")}
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r bg-surface lg:flex">{bar}</aside>
      <header className="sticky top-0 z-30 flex items-center justify-between border-b bg-surface px-3 py-2 lg:hidden">
        <Logo />
        <Dialog.Root open={open} onOpenChange={setOpen}>
          <Dialog.Trigger asChild>
            <Button variant="ghost" size="icon" aria-label={t("openMenu")}>
              <MenuIcon aria-hidden />
            </Button>
          </Dialog.Trigger>
          <Dialog.Portal>
            <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
            <Dialog.Content aria-describedby={undefined} className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col border-r bg-surface text-body">
              <Dialog.Title className="sr-only">{t("openMenu")}</Dialog.Title>
              {bar}
            </Dialog.Content>
          </Dialog.Portal>
        </Dialog.Root>
      </header>
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        <div className="mx-auto max-w-6xl px-4 py-5 sm:px-6 sm:py-7">{children}</div>
      </main>
    </div>
  );
}
