import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DesktopsOverview } from "./desktops-overview";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("adminDesktops") };
}

export default function AdminDesktopsPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.desktops.overview.queryOptions({ hours: 24 }))]}>
      <DesktopsOverview />
    </Prefetched>
  );
}
