import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { StandingList } from "./standing-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("standings") };
}

export default function StandingsPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.payments.standings.queryOptions())]}>
      <StandingList />
    </Prefetched>
  );
}
