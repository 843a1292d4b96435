import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DunningBoard } from "./dunning-board";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("dunning") };
}

export default function DunningPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.payments.dunningBoard.queryOptions())]}>
      <DunningBoard />
    </Prefetched>
  );
}
