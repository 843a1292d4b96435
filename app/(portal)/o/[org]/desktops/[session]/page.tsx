import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DesktopSession } from "./desktop-session";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("desktops") };
}

export default async function DesktopSessionPage({ params }: { readonly params: Promise<{ org: string; session: string }> }) {
  const { org, session } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktops.session.queryOptions({ organization: org, sessionId: session }))]}>
      <DesktopSession sessionId={session} />
    </Prefetched>
  );
}
