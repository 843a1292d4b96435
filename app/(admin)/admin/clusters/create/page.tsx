import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { CreateCluster } from "./create-cluster";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("admin.newCluster"))("title") };
}

export default function CreateClusterPage() {
  return <CreateCluster />;
}
