import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { LoopList } from "./loop-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("loops") };
}

export default function LoopListPage() {
  return <LoopList />;
}
