import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { serverCaller } from "@/app/_trpc/server";
import { PAGE_SIZE } from "./page-size";
import { InstanceList } from "./instance-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("instances") };
}

interface Props {
  readonly params: Promise<{ org: string }>;
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function InstancesPage({ params, searchParams }: Props) {
  const { org } = await params;
  const plain = Object.keys(await searchParams).length === 0;
  const api = await serverCaller();
  // The list as most people open it comes with the page; a searched or sorted one is fetched by the browser.
  const initial = plain ? await api.instances.list({ organization: org, limit: PAGE_SIZE }).catch(() => undefined) : undefined;
  return <InstanceList initial={initial} />;
}
