import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { AccountShell } from "@/app/_components/shell/portal-shell";
import { SignedIn } from "@/app/_components/signed-in";
import { getSession } from "@/app/_trpc/server";

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  const session = await getSession();
  if (!session) redirect("/sign-in?next=/account");
  return (
    <SignedIn part="portal" viewer={{ user: session.user, memberships: session.memberships, membership: null }}>
      <AccountShell>{children}</AccountShell>
    </SignedIn>
  );
}
