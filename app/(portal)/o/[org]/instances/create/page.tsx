import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { CreateInstance } from "./create-instance";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("create"))("title") };
}

export default function CreateInstancePage() {
  return <CreateInstance />;
}
