import Link from "next/link";
import type { ReactNode } from "react";
import { Logo } from "@/app/_components/shell/logo";
import { LanguageMenu, ThemeMenu } from "@/app/_components/shell/preferences";

export default function AuthLayout({ children }: { readonly children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-4 py-3 sm:px-6">
        <Link href="/" className="rounded-md">
          <Logo />
        </Link>
        <div className="flex items-center gap-1">
          <LanguageMenu />
          <ThemeMenu />
        </div>
      </header>
      <main id="content" className="grid flex-1 place-items-start justify-center px-4 pt-[12vh] pb-16">
        <div className="w-full max-w-sm sm:w-96">{children}</div>
      </main>
    </div>
  );
}
