import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DecisionDetail } from "./decision-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("decisions") };
}

export default async function DecisionDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.decisions.get.queryOptions({ decisionId: id }))]}>
      <DecisionDetail decisionId={id} />
    </Prefetched>
  );
}
