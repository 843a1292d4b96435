import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { KeyList } from "./key-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("keys") };
}

export default function KeyListPage() {
  return <KeyList />;
}
