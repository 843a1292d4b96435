import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { IssuerPage } from "./issuer-page";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("issuer") };
}

export default function IssuerSettingsPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.billing.issuer.queryOptions())]}>
      <IssuerPage />
    </Prefetched>
  );
}
