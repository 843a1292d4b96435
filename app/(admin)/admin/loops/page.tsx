import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { LoopList } from "./loop-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("loops") };
}

export default function LoopListPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.loops.list.queryOptions())]}>
      <LoopList />
    </Prefetched>
  );
}
