import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { EnrollHost } from "./enroll-host";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("hosts") };
}

export default function EnrollHostPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.clusters.list.queryOptions())]}>
      <EnrollHost />
    </Prefetched>
  );
}
