import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { serverCaller } from "@/app/_trpc/server";
import { InstanceDetail } from "./instance-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("instance"))("title") };
}

export default async function InstancePage({ params }: { readonly params: Promise<{ org: string; id: string }> }) {
  const { org, id } = await params;
  const api = await serverCaller();
  // A refusal is shown by the browser's own attempt, which can also be repeated there.
  const initial = await api.instances.get({ organization: org, instanceId: id }).catch(() => undefined);
  return <InstanceDetail instanceId={id} initial={initial} />;
}
