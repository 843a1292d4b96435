import type { Metadata } from "next";
import { getLocale, getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { countriesIn } from "./countries";
import { DetailsForm } from "./details-form";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.tabs"))("details") };
}

export default async function DetailsFormPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.profile.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.dunning.queryOptions({ organization: org }))]}>
      <DetailsForm countries={countriesIn(await getLocale())} />
    </Prefetched>
  );
}
