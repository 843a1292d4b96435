import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";
import { PortalShell } from "@/app/_components/shell/portal-shell";
import { SignedIn } from "@/app/_components/signed-in";
import { getSession } from "@/app/_trpc/server";

interface Props {
  readonly params: Promise<{ org: string }>;
  readonly children: ReactNode;
}

/** Somebody else's organization looks exactly like one that does not exist. */
export default async function OrganizationLayout({ params, children }: Props) {
  const { org } = await params;
  const session = await getSession();
  if (!session) redirect(`/sign-in?next=${encodeURIComponent(`/o/${org}`)}`);
  const membership = session.memberships.find((candidate) => candidate.slug === org);
  if (!membership) notFound();
  return (
    <SignedIn part="portal" viewer={{ user: session.user, memberships: session.memberships, membership }}>
      <PortalShell>{children}</PortalShell>
    </SignedIn>
  );
}
