import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { AdminShell } from "@/app/_components/shell/portal-shell";
import { SignedIn } from "@/app/_components/signed-in";
import { getSession } from "@/app/_trpc/server";

/** Not there for anybody who is not our staff. */
export default async function AdminLayout({ children }: { readonly children: ReactNode }) {
  const session = await getSession();
  if (!session) redirect("/sign-in?next=/admin");
  if (!session.user.operatorRole) notFound();
  return (
    <SignedIn part="admin" viewer={{ user: session.user, memberships: session.memberships, membership: null }}>
      <AdminShell>{children}</AdminShell>
    </SignedIn>
  );
}
